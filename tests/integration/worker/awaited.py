"""Sends that want their message delivered or read, called and waited for."""

from collections.abc import Sequence
from uuid import UUID

from shared.db.tables import deliveries
from shared.domain.channels import Channel
from shared.domain.confirmation import Level, Until
from shared.domain.outcome import Outcome
from shared.domain.receipts import Receipt
from tests.integration.worker.conftest import Desk, later
from tests.integration.worker.reports import SENT, call, change, notice, record
from tests.integration.worker.stories import noted
from worker import confirmation, recovery

UNTIL = Until(level=Level.DELIVERED, within=5)


def send(desk: Desk, until: Until = UNTIL, outcome: Outcome = SENT, fallback: bool = True) -> list[UUID]:  # noqa: FBT001, FBT002
    """Make a send by WABA, with a fallback by email unless said otherwise, and call its first channel."""
    fallbacks = [(Channel.EMAIL, 1, desk.key(Channel.EMAIL))] if fallback else []
    made = desk.send((Channel.WABA, 0, desk.key(Channel.WABA)), *fallbacks, until=until)
    call(desk, made[0], outcome)
    return made


def receive(desk: Desk, delivery_id: UUID, receipt: Receipt) -> None:
    desk.runtime.run(record(desk, notice(desk, delivery_id, None, receipt)))


def overdue(desk: Desk, made: Sequence[UUID], seconds: float = 1.0) -> None:
    """Let the time of the first delivery be over since so many seconds."""
    assert desk.row(made[0])["confirm_by"] is not None
    change(desk, deliveries, made[0], confirm_by=later(-seconds))


def end(desk: Desk, *delivery_ids: UUID) -> None:
    desk.runtime.run(confirmation.end_due(desk.process, delivery_ids))


def recover(desk: Desk) -> None:
    desk.runtime.run(recovery.recover(desk.process))


def kinds(desk: Desk, delivery_id: UUID) -> list[str]:
    return [kind for kind, _ in noted(desk, delivery_id)]


def reason(desk: Desk, delivery_id: UUID) -> tuple[str | None, str | None]:
    row = desk.row(delivery_id)
    return row["code"], row["reason"]

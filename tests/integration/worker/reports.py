"""Calls and their outcomes, and what providers report of their messages, recorded as the tasks do."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import update

from shared import ids
from shared.domain.channels import Channel
from shared.domain.outcome import Action, Code, NotSent, Outcome, Sent
from shared.domain.receipts import Receipt
from tests.integration.worker.conftest import Desk, later, result
from tests.integration.worker.stories import send_state
from worker.channels.base import Report
from worker.deliver.claim import Claim
from worker.receipts import recording
from worker.receipts.judgement import Notice

REFUSAL = NotSent(code=Code.RECIPIENT_UNREACHABLE, reason="no WhatsApp account", action=Action.NEXT, detail={"code": 131026})

TRIED = NotSent(code=Code.RECIPIENT_BLOCKED, reason="blocked", action=Action.NEXT)

SENT = Sent(provider_message_id="wamid.1")


def call(desk: Desk, delivery_id: UUID, outcome: Outcome = SENT) -> Claim:
    """Claim a delivery and record an outcome."""
    (claimed,) = desk.claim([delivery_id])
    desk.runtime.run(desk.process.writer.write(result(claimed, outcome)))
    return claimed


def notice(desk: Desk, delivery_id: UUID, refusal: NotSent | None = REFUSAL, receipt: Receipt = Receipt.FAILED) -> Notice:
    report = Report(delivery_id=delivery_id, provider_message_id="wamid.1", receipt=receipt, refusal=refusal)
    return Notice(report=report, webhook_id=ids.new(), account_id=desk.account_id, channel="waba", received_at=later(0))


async def record(desk: Desk, told: Notice) -> None:
    """Record a report as a webhook's task does."""
    assert told.report.delivery_id is not None
    async with desk.process.engine.begin() as connection:
        recorded = await recording.record(connection, {told.report.delivery_id: [told]})
    await desk.process.publisher.follow(recorded.settlement)


def fail(desk: Desk, delivery_id: UUID, **changes: Any) -> None:
    desk.runtime.run(record(desk, notice(desk, delivery_id, replace(REFUSAL, **changes))))


def states(desk: Desk, made: Sequence[UUID]) -> list[str]:
    """Give the state of the send, then those of its deliveries."""
    return [send_state(desk, made[0]), *(desk.state(each) for each in made)]


def change(desk: Desk, table: Any, identifier: UUID, **values: Any) -> None:
    with desk.database.begin() as connection:
        connection.execute(update(table).where(table.c.id == identifier).values(**values))


def sent(desk: Desk, *later_tiers: tuple[Channel, int], **key: Any) -> list[UUID]:
    """Make a send whose first tier, WABA, was sent: later tiers are skipped."""
    fallbacks = ((channel, tier, desk.key(channel)) for channel, tier in later_tiers or ((Channel.EMAIL, 1),))
    made = desk.send((Channel.WABA, 0, desk.key(Channel.WABA, **key)), *fallbacks)
    call(desk, made[0])
    return made

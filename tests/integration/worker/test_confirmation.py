"""Sends that want their message delivered or read: a receipt in time keeps the next tier shut, without it the tier opens once."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import select, text

from shared import ids
from shared.db.tables import deliveries, sends
from shared.domain import confirmation as rules
from shared.domain.channels import Channel
from shared.domain.confirmation import Level, Until
from shared.domain.outcome import Code, Unknown
from shared.domain.receipts import Receipt
from tests.integration.worker.awaited import UNTIL, end, kinds, overdue, reason, receive, recover, send
from tests.integration.worker.conftest import Desk, later, result
from tests.integration.worker.heard import handle, left, store
from tests.integration.worker.reports import SENT, TRIED, call, change, notice, record, states
from tests.integration.worker.stories import noted
from tests.integration.worker.test_receipts import body, status
from worker import confirmation
from worker.deliver import settle
from worker.deliver.resolving import Resolution

pytestmark = pytest.mark.usefixtures("deadlines")


def test_a_message_that_was_taken_is_waited_for(desk: Desk, deadlines: list[tuple[UUID, float]]) -> None:
    made = send(desk, Until(level=Level.DELIVERED, within=1))
    row = desk.row(made[0])
    assert states(desk, made) == ["running", "sent", "waiting"]
    assert (row["confirm_by"] - row["ended_at"]).total_seconds() == 1
    assert deadlines == [(made[0], 1.0)]
    change(desk, deliveries, made[0], confirm_by=later(60))
    end(desk, made[0])
    assert states(desk, made) == ["running", "sent", "waiting"]


@pytest.mark.usefixtures("published")
def test_a_receipt_in_time_keeps_the_next_tier_shut(desk: Desk) -> None:
    made = send(desk)
    receive(desk, made[0], Receipt.SENT)
    assert states(desk, made) == ["running", "sent", "waiting"]
    receive(desk, made[0], Receipt.DELIVERED)
    assert states(desk, made) == ["sent", "sent", "skipped"]
    assert (desk.row(made[0])["confirm_by"], kinds(desk, made[0])) == (None, ["confirmed"])
    end(desk, made[0])
    assert states(desk, made) == ["sent", "sent", "skipped"]


@pytest.mark.parametrize("level", [Level.DELIVERED, Level.READ])
@pytest.mark.parametrize("receipt", [None, Receipt.SENT, Receipt.DELIVERED, Receipt.READ])
def test_a_receipt_that_came_before_the_outcome_counts(desk: Desk, level: Level, receipt: Receipt | None) -> None:
    made = desk.send(
        *((channel, tier, desk.key(channel)) for tier, channel in enumerate((Channel.WABA, Channel.EMAIL))),
        until=Until(level=level, within=5),
    )
    (claimed,) = desk.claim(made[:1])
    if receipt:
        receive(desk, made[0], receipt)
    desk.runtime.run(desk.process.writer.write(result(claimed, SENT)))
    met = rules.is_met(level, receipt)
    assert states(desk, made) == (["sent", "sent", "skipped"] if met else ["running", "sent", "waiting"])
    assert (desk.row(made[0])["confirm_by"] is None) is met


def test_without_it_the_next_tier_opens_once(desk: Desk, published: list[UUID]) -> None:
    made = send(desk)
    overdue(desk, made)

    async def at_once() -> None:
        await asyncio.gather(*(confirmation.end_due(desk.process, made[:1]) for _ in range(5)))

    for _ in range(2):
        desk.runtime.run(at_once())
    assert states(desk, made) == ["running", "sent", "queued"]
    assert published == [made[1]]
    assert reason(desk, made[0]) == ("unconfirmed", "not delivered within 5 s")
    assert noted(desk, made[0]) == [("unconfirmed", "not delivered within 5 s")]
    call(desk, made[1])
    assert desk.row(made[1])["confirm_by"] is not None
    receive(desk, made[1], Receipt.READ)
    assert states(desk, made) == ["sent", "sent", "sent"]


@pytest.mark.usefixtures("published")
def test_what_could_not_be_sent_instead_leaves_it_sent(desk: Desk) -> None:
    made = send(desk)
    overdue(desk, made)
    end(desk, made[0])
    call(desk, made[1], TRIED)
    assert states(desk, made) == ["sent", "sent", "failed"]


@pytest.mark.usefixtures("published")
def test_a_late_receipt_withdraws_what_has_not_begun(desk: Desk) -> None:
    made = send(desk)
    overdue(desk, made)
    end(desk, made[0])
    receive(desk, made[0], Receipt.DELIVERED)
    assert states(desk, made) == ["sent", "sent", "skipped"]
    assert (reason(desk, made[0]), kinds(desk, made[0])) == ((None, None), ["unconfirmed", "confirmed"])


def test_a_failure_that_is_waited_out_opens_the_next_tier_at_once(desk: Desk, published: list[UUID]) -> None:
    made = send(desk)
    desk.runtime.run(record(desk, notice(desk, made[0])))
    assert (states(desk, made), published) == (["running", "failed", "queued"], [made[1]])
    assert desk.row(made[0])["confirm_by"] is None
    end(desk, made[0])
    assert reason(desk, made[0]) == ("recipient_unreachable", "no WhatsApp account")


def test_without_another_tier_it_is_sent_at_once_and_its_wait_goes_on(desk: Desk, published: list[UUID]) -> None:
    made = send(desk, fallback=False)
    assert states(desk, made) == ["sent", "sent"]
    overdue(desk, made)
    end(desk, made[0])
    assert (states(desk, made), published) == (["sent", "sent"], [])
    assert reason(desk, made[0]) == ("unconfirmed", "not delivered within 5 s")


def test_a_receipt_in_a_webhook_that_nobody_has_handled_is_not_overlooked(
    desk: Desk, published: list[UUID], deadlines: list[tuple[UUID, float]]
) -> None:
    made = send(desk)
    deadlines.clear()
    webhook_id = store(desk, desk.key(Channel.WABA), body(status("delivered", made[0])), received_at=later(-2))
    overdue(desk, made)
    end(desk, made[0])
    recover(desk)
    assert states(desk, made) == ["running", "sent", "waiting"]
    assert [each for each, _ in deadlines] == made[:1]
    handle(desk, webhook_id)
    assert (states(desk, made), made[1] in published) == (["sent", "sent", "skipped"], False)


@pytest.mark.usefixtures("published")
def test_a_webhook_that_nobody_can_handle_is_not_waited_for_in_the_end(desk: Desk) -> None:
    made = send(desk)
    webhook_id = store(desk, desk.key(Channel.WABA), body(), received_at=later(-60))
    overdue(desk, made, rules.HEARD_AT_LAST + 1)
    end(desk, made[0])
    assert states(desk, made) == ["running", "sent", "queued"]
    handle(desk, webhook_id)


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    ("tried", "state"), [(None, "waiting"), (-25, "waiting"), (-16, "waiting"), (-14, "queued"), (-2, "queued")]
)
def test_a_webhook_that_waits_for_something_else_is_not_waited_for(desk: Desk, tried: float | None, state: str) -> None:
    """A gateway tells of its device's every message: one that was looked at once the outcome was written is not of this one."""
    made = send(desk)
    change(desk, deliveries, made[0], ended_at=later(-20))
    tried_at = None if tried is None else later(tried)
    webhook_id = store(desk, desk.key(Channel.WABA), body(), received_at=later(-30), tried_at=tried_at)
    overdue(desk, made)
    end(desk, made[0])
    assert states(desk, made) == ["running", "sent", state]
    handle(desk, webhook_id)


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("whose", ["another account", "another channel", "too late"])
def test_a_webhook_that_cannot_confirm_it_is_not_waited_for(desk: Desk, another: Desk, whose: str) -> None:
    made = send(desk)
    key_id = {
        "another account": another.key(Channel.WABA),
        "another channel": desk.key(Channel.TELEGRAM),
        "too late": desk.key(Channel.WABA),
    }[whose]
    webhook_id = store(desk, key_id, body(), received_at=later(-0.5 if whose == "too late" else -2))
    overdue(desk, made)
    end(desk, made[0])
    assert states(desk, made) == ["running", "sent", "queued"]
    with desk.database.begin() as connection:
        connection.execute(text("DELETE FROM inbox"))
    assert left(desk, [webhook_id]) == 0


@pytest.mark.parametrize("known", ["by its provider", "by its worker"])
def test_what_is_known_late_to_have_been_sent_is_waited_for_from_then_on(desk: Desk, known: str) -> None:
    made = desk.send((Channel.WABA, 0, desk.key(Channel.WABA)), (Channel.EMAIL, 1, desk.key(Channel.EMAIL)), until=UNTIL)
    (claimed,) = desk.claim(made[:1])
    change(desk, deliveries, made[0], state="unknown", held=True, claim_id=None, lease_until=None, ended_at=later(0))
    if known == "by its provider":
        desk.runtime.run(resolve(desk, Resolution.sent(made[0], "it was found", SENT)))
    else:
        desk.runtime.run(desk.process.writer.write(result(claimed, SENT)))
    assert states(desk, made) == ["running", "sent", "waiting"]
    overdue(desk, made)


async def resolve(desk: Desk, resolution: Resolution) -> None:
    async with desk.process.engine.begin() as connection:
        await settle.resolve(connection, [resolution])


@pytest.mark.usefixtures("published")
def test_an_unknown_outcome_is_not_waited_for(desk: Desk) -> None:
    made = send(desk, outcome=Unknown(code=Code.ANSWER_TIMEOUT, reason="late"))
    assert states(desk, made) == ["running", "unknown", "queued"]
    assert desk.row(made[0])["confirm_by"] is None


def test_who_wants_nothing_more_than_sent_waits_for_nothing(desk: Desk) -> None:
    made = desk.send((Channel.WABA, 0, desk.key(Channel.WABA)), (Channel.EMAIL, 1, desk.key(Channel.EMAIL)))
    call(desk, made[0])
    assert (states(desk, made), desk.row(made[0])["confirm_by"]) == (["sent", "sent", "skipped"], None)
    with desk.database.connect() as connection:
        assert connection.execute(select(sends.c.until).where(sends.c.id == ids.send_of(made[0]))).scalar_one() is None

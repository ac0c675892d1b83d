"""Failures that a provider reports of messages it had taken: the delivery failed, and the next tier has its turn, once."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from shared import ids, settings
from shared.db.tables import deliveries, sends
from shared.domain.channels import Channel
from shared.domain.outcome import Code, Sent, Unknown
from shared.domain.receipts import Receipt
from tests.integration.worker.conftest import Desk, later, result
from tests.integration.worker.reports import TRIED, call, change, fail, notice, record, sent, states
from tests.integration.worker.stories import noted
from worker.deliver import guards


def test_the_next_tier_opens_once_however_often_and_however_many_say_it(desk: Desk, published: list[UUID]) -> None:
    made = sent(desk)
    assert states(desk, made) == ["sent", "sent", "skipped"]

    async def at_once() -> None:
        await asyncio.gather(*(record(desk, notice(desk, made[0])) for _ in range(5)))

    for _ in range(2):
        desk.runtime.run(at_once())
    assert states(desk, made) == ["running", "failed", "queued"]
    assert published == [made[1]]
    assert [kind for kind, _ in noted(desk, made[0])] == ["receipt.failed", "resolved.failed"]
    row = desk.row(made[0])
    assert (row["code"], row["reason"], row["detail"]) == ("recipient_unreachable", "no WhatsApp account", {"code": 131026})
    call(desk, made[1])
    desk.runtime.run(at_once())
    assert states(desk, made) == ["sent", "failed", "sent"]


def test_all_tiers_that_were_skipped_have_their_turn(desk: Desk, published: list[UUID]) -> None:
    made = sent(desk, (Channel.TELEGRAM, 1), (Channel.EMAIL, 2))
    fail(desk, made[0])
    assert states(desk, made) == ["running", "failed", "queued", "waiting"]
    call(desk, made[1], TRIED)
    assert states(desk, made) == ["running", "failed", "failed", "queued"]
    assert published == made[1:]


@pytest.mark.usefixtures("published")
def test_a_receipt_that_it_arrived_after_all_withdraws_what_has_not_begun(desk: Desk) -> None:
    made = sent(desk)
    fail(desk, made[0])
    desk.runtime.run(record(desk, notice(desk, made[0], None, Receipt.DELIVERED)))
    assert states(desk, made) == ["sent", "sent", "skipped"]
    fail(desk, made[0])
    assert states(desk, made) == ["sent", "sent", "skipped"]


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(("message_id", "state"), [("wamid.1", "failed"), ("wamid.2", "sent")])
def test_a_failed_message_is_not_sent_because_its_worker_says_so_later(desk: Desk, message_id: str, state: str) -> None:
    made = desk.send((Channel.WABA, 0, desk.key(Channel.WABA)), (Channel.EMAIL, 1, desk.key(Channel.EMAIL)))
    (claimed,) = desk.claim(made[:1])
    change(desk, deliveries, made[0], state="unknown", claim_id=None, lease_until=None)
    fail(desk, made[0])
    desk.runtime.run(desk.process.writer.write(result(claimed, Sent(provider_message_id=message_id))))
    assert desk.state(made[0]) == state


def test_a_key_can_do_without(desk: Desk, published: list[UUID]) -> None:
    made = sent(desk, settings={"late_fallback": False})
    fail(desk, made[0])
    assert (states(desk, made), published) == (["failed", "failed", "skipped"], [])


def test_after_its_time_a_failure_opens_nothing(desk: Desk, published: list[UUID]) -> None:
    made = sent(desk)
    change(desk, deliveries, made[0], claimed_at=later(-settings.get().late_fallback_seconds - 60))
    fail(desk, made[0])
    assert (states(desk, made), published) == (["failed", "failed", "skipped"], [])


def test_a_channel_beside_it_that_was_sent_is_enough(desk: Desk, published: list[UUID]) -> None:
    made = desk.send(*((channel, tier, desk.key(channel)) for channel, tier in _SIDE_BY_SIDE))
    call(desk, made[0])
    call(desk, made[1], Sent(provider_message_id="42:1"))
    fail(desk, made[0])
    assert (states(desk, made), published) == (["sent", "failed", "sent", "skipped"], [])


_SIDE_BY_SIDE = ((Channel.WABA, 0), (Channel.TELEGRAM, 0), (Channel.EMAIL, 1))


def test_what_is_under_way_has_its_outcome_first(desk: Desk, published: list[UUID]) -> None:
    """A fallback that had begun before the success was known is still being called when the success turns out to be none."""
    made = desk.send(*((channel, tier, desk.key(channel)) for tier, channel in enumerate(_IN_A_ROW)))
    call(desk, made[0], Unknown(code=Code.ANSWER_TIMEOUT, reason="late"))
    (claimed,) = desk.claim([made[1]])
    desk.runtime.run(record(desk, notice(desk, made[0], None, Receipt.SENT)))
    assert states(desk, made) == ["sent", "sent", "claimed", "skipped"]
    fail(desk, made[0])
    assert states(desk, made) == ["running", "failed", "claimed", "waiting"]
    desk.runtime.run(desk.process.writer.write(result(claimed, TRIED)))
    assert states(desk, made) == ["running", "failed", "failed", "queued"]
    assert published == made[1:]


_IN_A_ROW = (Channel.WABA, Channel.TELEGRAM, Channel.EMAIL)


def test_nothing_of_a_cancelled_send_is_opened(desk: Desk, published: list[UUID]) -> None:
    made = sent(desk)
    change(desk, sends, ids.send_of(made[0]), state="cancelled")
    fail(desk, made[0])
    assert (states(desk, made), published) == (["cancelled", "failed", "skipped"], [])


@pytest.mark.usefixtures("published")
def test_after_its_expiry_nothing_is_sent(desk: Desk) -> None:
    made = sent(desk)
    change(desk, sends, ids.send_of(made[0]), expires_at=later(-1))
    fail(desk, made[0])
    (claimed,) = desk.claim([made[1]])
    stopped = guards.check(claimed)
    assert stopped is not None
    assert stopped.code is Code.EXPIRED
    desk.runtime.run(desk.process.writer.write(replace(result(claimed, stopped), called_after=None)))
    assert states(desk, made) == ["expired", "failed", "cancelled"]

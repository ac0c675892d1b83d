"""Held deliveries: a person decides once, and what follows comes about even if his process dies."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, select, text, update

from shared import ids
from shared.db.tables import deliveries, events, sends
from shared.domain.channels import Channel
from shared.domain.due import AT_ONCE, Due
from shared.domain.outcome import Action, Code, NotSent, Unknown
from shared.domain.retry import Again, End
from shared.domain.states import DeliveryState, OnUnknown
from shared.management import held
from shared.management.errors import NotFound, TooLate
from tests.acceptance.backend import await_true
from tests.integration.worker.conftest import Desk, later, result
from worker import recovery
from worker.deliver import one, settle
from worker.deliver.resolving import Resolution

_LOST = Unknown(code=Code.ANSWER_TIMEOUT, reason="no answer: it may have been sent")
_DECISIONS = (held.release, held.fail, held.confirm)

Decision = Callable[[Connection, UUID, UUID | None, str], object]


@pytest.fixture
def waiting(desk: Desk) -> list[UUID]:
    """A send whose first delivery is held after its last attempt, and whose fallback waits."""
    return _hold(desk)


def _hold(desk: Desk, **changes: Any) -> list[UUID]:
    key = desk.key(on_unknown=OnUnknown.HOLD)
    made = desk.send((Channel.TELEGRAM, 0, key), (Channel.EMAIL, 1, desk.key(Channel.EMAIL)), attempts=2, **changes)
    (claimed,) = desk.claim(made[:1])
    desk.runtime.run(desk.process.writer.write(result(claimed, _LOST, End(held=True))))
    assert (desk.state(made[0]), desk.row(made[0])["held"]) == ("unknown", True)
    return made


def _decide(desk: Desk, decision: Decision, delivery_id: UUID, actor: str = "test") -> object:
    with desk.database.begin() as connection:
        return decision(connection, delivery_id, desk.account_id, actor)


def _send(desk: Desk, delivery_id: UUID) -> tuple[str, int]:
    with desk.database.connect() as connection:
        statement = select(sends.c.state, sends.c.tier).where(sends.c.id == ids.send_of(delivery_id))
        row = connection.execute(statement).one()
    return row.state, row.tier


def _noted(desk: Desk, delivery_id: UUID) -> list[tuple[str, str]]:
    with desk.database.connect() as connection:
        rows = connection.execute(select(events.c.kind, events.c.data).where(events.c.delivery_id == delivery_id))
        return [(row.kind, row.data["reason"]) for row in rows]


def _age(desk: Desk, delivery_id: UUID) -> None:
    """Let a send be old enough for recovery."""
    past = later(-3600)
    with desk.database.begin() as connection:
        connection.execute(update(sends).where(sends.c.id == ids.send_of(delivery_id)).values(created_at=past))
        mine = deliveries.c.id == delivery_id
        connection.execute(update(deliveries).where(mine).values(queued_at=past, published_at=past))


def test_what_is_held_is_listed_the_oldest_first(desk: Desk) -> None:
    made = [_hold(desk)[0] for _ in range(3)]
    _decide(desk, held.fail, made[1])
    with desk.database.connect() as connection:
        pages = [held.every(connection, desk.account_id, after, 1) for after in (None, made[0], made[2])]
        everybody = [each.delivery.id for each in held.every(connection, None, None, 1000)]
    assert [[(each.delivery.id, each.send_id) for each in page] for page in pages] == [
        [(made[0], ids.send_of(made[0]))],
        [(made[2], ids.send_of(made[2]))],
        [],
    ]
    assert pages[0][0].account_id == desk.account_id
    assert (pages[0][0].delivery.state, pages[0][0].delivery.held) == (DeliveryState.UNKNOWN, True)
    assert set(made) & set(everybody) == {made[0], made[2]}


def test_a_released_delivery_has_all_its_patience_again(desk: Desk, waiting: list[UUID]) -> None:
    _age(desk, waiting[0])
    due = _decide(desk, held.release, waiting[0])
    assert due == Due(id=waiting[0], queue="send", at=AT_ONCE)
    row = desk.row(waiting[0])
    expected = {"state": "queued", "held": False, "attempts": 0, "failures": 0}
    assert {name: row[name] for name in expected} == expected
    assert {row[name] for name in ("code", "reason", "not_before", "ended_at", "resolve_at")} == {None}
    (claimed,) = desk.claim(waiting[:1])
    trouble = NotSent(code=Code.PROVIDER_ERROR, reason="trouble", action=Action.RETRY)
    assert isinstance(one.decide(claimed, trouble, 0.0, claimed.attempts + 1), Again)
    desk.runtime.run(desk.process.writer.write(result(claimed)))
    assert [desk.state(each) for each in waiting] == ["sent", "skipped"]
    assert _noted(desk, waiting[0]) == [("held.released", "by test")]


def test_a_failed_delivery_keeps_its_code_and_opens_the_next_tier(desk: Desk, waiting: list[UUID]) -> None:
    assert _decide(desk, held.fail, waiting[0]) == ids.send_of(waiting[0])
    desk.runtime.run(recovery.advance_sends(desk.process, [ids.send_of(waiting[0])]))
    row = desk.row(waiting[0])
    assert (row["state"], row["held"], row["code"], row["resolve_at"]) == ("failed", False, "answer_timeout", None)
    assert (desk.state(waiting[1]), _send(desk, waiting[0])) == ("queued", ("running", 1))
    assert _noted(desk, waiting[0]) == [("held.failed", "by test")]


def test_a_confirmed_delivery_ends_its_send(desk: Desk, waiting: list[UUID]) -> None:
    _decide(desk, held.confirm, waiting[0])
    desk.runtime.run(recovery.advance_sends(desk.process, [ids.send_of(waiting[0])]))
    row = desk.row(waiting[0])
    assert (row["state"], row["held"], row["code"], row["reason"]) == ("sent", False, None, None)
    assert (desk.state(waiting[1]), _send(desk, waiting[0])) == ("skipped", ("sent", 0))
    assert _noted(desk, waiting[0]) == [("held.confirmed", "by test")]


def test_what_was_released_and_not_published_is_found_again(desk: Desk, waiting: list[UUID]) -> None:
    _decide(desk, held.release, waiting[0])
    _age(desk, waiting[0])
    desk.runtime.run(recovery.recover(desk.process))
    assert desk.row(waiting[0])["published_at"] > later(-60)


@pytest.mark.parametrize(
    ("decision", "state", "after"), [(held.fail, ("running", 1), "queued"), (held.confirm, ("sent", 0), "skipped")]
)
def test_what_was_decided_and_not_settled_is_found_again(
    desk: Desk, waiting: list[UUID], decision: Decision, state: tuple[str, int], after: str
) -> None:
    _age(desk, waiting[0])
    desk.runtime.run(recovery.recover(desk.process))
    assert (_send(desk, waiting[0]), desk.state(waiting[1])) == (("running", 0), "waiting")
    _decide(desk, decision, waiting[0])
    desk.runtime.run(recovery.recover(desk.process))
    assert (_send(desk, waiting[0]), desk.state(waiting[1])) == (state, after)


def test_of_many_people_one_decides(desk: Desk, waiting: list[UUID]) -> None:
    barrier = Barrier(9)

    def decide(number: int) -> bool:
        barrier.wait()
        try:
            _decide(desk, _DECISIONS[number % 3], waiting[0], f"person {number}")
        except TooLate:
            return False
        return True

    with ThreadPoolExecutor(max_workers=9) as threads:
        decided = list(threads.map(decide, range(9)))
    assert decided.count(True) == 1
    assert [reason for _, reason in _noted(desk, waiting[0])] == [f"by person {decided.index(True)}"]


@pytest.mark.parametrize("decision", _DECISIONS)
def test_the_send_is_locked_before_its_delivery(desk: Desk, waiting: list[UUID], decision: Decision) -> None:
    statement = text("SELECT FROM deliveries WHERE id = :id FOR UPDATE NOWAIT")
    with ThreadPoolExecutor() as threads:
        with desk.database.begin() as connection:
            connection.execute(text("SELECT FROM sends WHERE id = :id FOR NO KEY UPDATE"), {"id": ids.send_of(waiting[0])})
            deciding = threads.submit(_decide, desk, decision, waiting[0])
            await_true(desk.somebody_waits_for_a_lock)
            connection.execute(statement, {"id": waiting[0]})
        deciding.result()
    assert not desk.row(waiting[0])["held"]


@pytest.mark.parametrize("decision", _DECISIONS)
def test_what_became_known_meanwhile_is_not_decided(desk: Desk, waiting: list[UUID], decision: Decision) -> None:
    known = {"state": "sent", "code": None, "reason": None, "detail": None, "provider_message_id": "9", "claimed_at": None}
    resolution = Resolution(delivery_id=waiting[0], row={"id": str(waiting[0]), **known}, source="the provider says so")

    async def learn() -> None:
        async with desk.process.engine.begin() as connection:
            await settle.resolve(connection, [resolution])

    desk.runtime.run(learn())
    with pytest.raises(TooLate, match="the delivery is sent and not held"):
        _decide(desk, decision, waiting[0])
    assert _noted(desk, waiting[0]) == [("resolved.sent", "the provider says so")]


def test_nothing_is_tried_again_for_an_expired_send(desk: Desk, waiting: list[UUID]) -> None:
    with desk.database.begin() as connection:
        mine = sends.c.id == ids.send_of(waiting[0])
        connection.execute(update(sends).where(mine).values(expires_at=later(-1)))
    with pytest.raises(TooLate, match="the send has expired; the delivery can be failed or confirmed"):
        _decide(desk, held.release, waiting[0])
    _decide(desk, held.confirm, waiting[0])
    assert desk.state(waiting[0]) == "sent"


@pytest.mark.parametrize("decision", _DECISIONS)
def test_what_is_not_there_cannot_be_decided(desk: Desk, waiting: list[UUID], decision: Decision) -> None:
    nowhere = (ids.delivery_of(ids.new_send(), 1), ids.delivery_of(ids.send_of(waiting[0]), 9))
    for delivery_id, account_id in ((waiting[0], ids.new()), *((each, None) for each in nowhere)):
        with desk.database.begin() as connection, pytest.raises(NotFound, match="there is no such delivery"):
            decision(connection, delivery_id, account_id, "test")
    assert desk.row(waiting[0])["held"]


def test_a_channel_beside_one_that_was_sent_may_be_tried_again(desk: Desk) -> None:
    made = desk.send((Channel.TELEGRAM, 0, desk.key(on_unknown=OnUnknown.HOLD)), (Channel.EMAIL, 0, desk.key(Channel.EMAIL)))
    first, second = sorted(desk.claim(made), key=lambda each: each.id)
    desk.runtime.run(desk.process.writer.write(result(first, _LOST, End(held=True))))
    desk.runtime.run(desk.process.writer.write(result(second)))
    assert _send(desk, made[0]) == ("sent", 0)
    _decide(desk, held.release, made[0])
    (claimed,) = desk.claim(made[:1])
    desk.runtime.run(desk.process.writer.write(result(claimed)))
    assert ([desk.state(each) for each in made], _send(desk, made[0])) == (["sent", "sent"], ("sent", 0))

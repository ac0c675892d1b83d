"""Counting what waits, in Postgres, and letting in no more than may."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import Engine, delete, func, insert, update

from api import backlog
from api.backlog import Backlog
from api.errors import Overloaded
from api.idempotency_keys import IdempotencyKey, IdempotencyKeyReused
from api.intake import Accepted, Intake
from api.orders import Order
from api.publishing import Publisher
from shared import health, ids
from shared.db.statements.health import count_due
from shared.db.tables import deliveries, inbox
from shared.domain.states import DeliveryState
from tests.integration.api.caller import Caller, await_true
from tests.integration.sends import rows

_LATER = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, 3600)


@pytest.fixture(autouse=True)
def _nothing_waits(monkeypatch: pytest.MonkeyPatch, own_process: Engine) -> None:
    """No worker takes what other tests have sent; and counts follow each other soon."""
    monkeypatch.setattr(backlog, "_INTERVAL", 0.05)
    monkeypatch.setattr(backlog, "_REST", 0)
    _drain(own_process)


def _drain(engine: Engine) -> None:
    with engine.begin() as connection:
        queued = update(deliveries).where(deliveries.c.state == DeliveryState.QUEUED)
        connection.execute(queued.values(state=DeliveryState.CANCELLED))


def _order(caller: Caller) -> Order:
    plan = rows.plan(("waba", 0, "6281311100000"))
    return Order(plan=plan, account_id=caller.account_id, token_id=ids.new(), request_id="", waiter=None)


def _make(engine: Engine, most: int = 1000) -> Intake:
    return Intake(Publisher(lambda: 0), Backlog("deliveries", most, partial(health.waiting, engine)))


def _accept(own: Intake, caller: Caller) -> bool:
    try:
        own.submit(_order(caller))
    except Overloaded:
        return False
    return True


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ({}, True),
        ({"not_before": func.now()}, True),
        ({"state": DeliveryState.CLAIMED}, False),
        ({"state": DeliveryState.SENT}, False),
        ({"queued_at": _LATER, "not_before": _LATER}, False),  # It is put off to keep a rate.
        ({"state": DeliveryState.WAITING, "queued_at": None}, False),  # Its tier is not open, or its send scheduled.
    ],
)
def test_what_is_due_and_unclaimed_is_counted(own_process: Engine, caller: Caller, changed: dict[str, Any], counts: bool) -> None:  # noqa: FBT001
    accepted = _make(own_process).submit(_order(caller))
    if changed:
        with own_process.begin() as connection:
            changing = update(deliveries).where(deliveries.c.id == ids.delivery_of(accepted.send_id, 1)).values(changed)
            connection.execute(changing)
    assert health.waiting(own_process) == counts


def test_it_is_counted_no_further_than_needed(own_process: Engine, caller: Caller) -> None:
    for _ in range(3):
        _make(own_process).submit(_order(caller))
    with own_process.connect() as connection:
        assert connection.execute(count_due, {"limit": 2}).scalar_one() == 2


def test_an_index_alone_is_looked_at(own_process: Engine) -> None:
    with own_process.begin() as connection:
        connection.execute(sqlalchemy.text("SET LOCAL enable_seqscan = off"))
        plan = connection.execute(sqlalchemy.text(f"EXPLAIN {count_due.text}"), {"limit": 1000}).scalars().all()
    scans = [line for line in plan if "Scan" in line]
    assert scans
    assert all("Index Only Scan using deliveries" in line and "queued_at_idx" in line for line in scans)


def test_a_process_lets_in_what_there_is_room_for(own_process: Engine, caller: Caller) -> None:
    own = _make(own_process, 5)
    assert [_accept(own, caller) for _ in range(8)] == [True] * 5 + [False] * 3
    assert caller.sends(own_process) == 5


def test_what_another_process_has_accepted_takes_room_too(own_process: Engine, caller: Caller) -> None:
    first, second = _make(own_process, 4), _make(own_process, 4)
    assert [_accept(first, caller) for _ in range(4)] == [True] * 4
    await_true(lambda: not _accept(second, caller), 10)
    in_all = caller.sends(own_process)
    assert not any(_accept(each, caller) for each in (first, second))
    assert caller.sends(own_process) == in_all


def test_what_drains_makes_room_again(own_process: Engine, caller: Caller) -> None:
    own = _make(own_process, 3)
    await_true(lambda: not _accept(own, caller), 10)
    _drain(own_process)
    await_true(lambda: _accept(own, caller), 10)


def test_a_repeat_is_found_while_new_ones_are_refused(own_process: Engine, caller: Caller) -> None:
    own = _make(own_process, 1)
    key = IdempotencyKey(scope="account", key="one", fingerprint=b"1")
    first = own.submit(replace(_order(caller), idempotency=key))
    assert own.submit(replace(_order(caller), idempotency=key)) == Accepted(send_id=first.send_id, replayed=True)
    with pytest.raises(IdempotencyKeyReused):
        own.submit(replace(_order(caller), idempotency=replace(key, fingerprint=b"2")))
    with pytest.raises(Overloaded):
        own.submit(replace(_order(caller), idempotency=replace(key, key="two")))


def test_what_providers_post_is_counted_until_it_is_handled(own_process: Engine) -> None:
    before = health.unhandled(own_process)
    posted = {"id": ids.new(), "key_id": ids.new(), "provider": "waba", "body": b"{}"}
    with own_process.begin() as connection:
        connection.execute(insert(inbox).values(posted))
    assert health.unhandled(own_process) == before + 1
    with own_process.begin() as connection:
        connection.execute(delete(inbox).where(inbox.c.id == posted["id"]))
    assert health.unhandled(own_process) == before

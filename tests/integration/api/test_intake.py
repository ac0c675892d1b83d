"""Orders that commit together."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest
import sqlalchemy
from sqlalchemy import Engine, func, update

from api import intake
from api.backlog import Backlog
from api.idempotency_keys import IdempotencyInProgress, IdempotencyKey, IdempotencyKeyReused
from api.intake import Accepted, Intake, Unwritable
from api.orders import Order
from api.publishing import Publisher
from shared import ids
from shared.db.tables import idempotency_keys, sends
from shared.domain.channels import Channel
from shared.domain.send import PlannedDelivery, SendPlan
from shared.domain.states import SendState
from tests.integration.api.caller import Caller, await_true


def _intake(publisher: Publisher | None = None) -> Intake:
    return Intake(publisher or Publisher(lambda: 0), Backlog("deliveries", 1_000_000, lambda: 0))


def _order(caller: Caller, number: float) -> Order:
    delivery = PlannedDelivery(
        channel=Channel.WABA,
        tier=0,
        fallback=False,
        key_id=ids.new(),
        target="6281311100000",
        template_id=None,
        content={"number": number},
    )
    plan = SendPlan(dialect="kirisan", deliveries=(delivery,), variables={}, schedule=None, expires_at=None)
    return Order(plan=plan, account_id=caller.account_id, token_id=ids.new(), request_id="", waiter=None)


@pytest.mark.usefixtures("own_process")
def test_one_that_cannot_be_written_fails_alone(database: Engine, caller: Caller) -> None:
    own = _intake()
    with ThreadPoolExecutor(max_workers=5) as threads:

        def submit(number: float) -> Future[Accepted]:
            return threads.submit(own.submit, _order(caller, number))

        with database.begin() as blocker:
            blocker.execute(sqlalchemy.text("LOCK TABLE sends IN EXCLUSIVE MODE"))
            first = submit(0)
            await_true(lambda: _blocked(database), 5)
            good, bad = [submit(1), submit(2)], submit(float("nan"))
        with pytest.raises(Unwritable, match="InvalidTextRepresentation"):
            bad.result()
        assert not any(each.result().replayed for each in (first, *good))
    assert caller.sends(database) == 3


_BLOCKED = sqlalchemy.text("""
    SELECT count(*) FROM pg_locks WHERE NOT granted AND waitstart <= clock_timestamp() - make_interval(secs => :seconds)
""")


def _blocked(database: Engine, seconds: float = 0.0) -> bool:
    with database.connect() as connection:
        return bool(connection.execute(_BLOCKED, {"seconds": seconds}).scalar_one())


def _keyed(caller: Caller, key: str, *, forgets_failures: bool = False) -> Order:
    claimed = IdempotencyKey(scope="test", key=key, fingerprint=b"", forgets_failures=forgets_failures)
    return replace(_order(caller, 0), idempotency=claimed, send_id=ids.new_send())


@contextmanager
def _held(database: Engine, caller: Caller, *keys: str) -> Iterator[None]:
    """Be a process that is just committing requests under these keys."""
    own = (idempotency_keys.c.account_id == caller.account_id, idempotency_keys.c.key.in_(keys))
    with database.begin() as connection:
        connection.execute(update(idempotency_keys).where(*own).values(scope="test"))
        yield


@pytest.mark.usefixtures("own_process")
def test_who_waits_for_a_key_holds_up_nobody(database: Engine, caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "_KEY_PATIENCE", 100)
    own = _intake()
    first, second = (own.submit(_keyed(caller, key)).send_id for key in ("one", "two"))
    with ThreadPoolExecutor(max_workers=2) as threads:
        with _held(database, caller, "one", "two"):
            waiting = [threads.submit(own.submit, _keyed(caller, key)) for key in ("one", "two")]
            passing = [own.submit(order) for order in (_order(caller, 1), _keyed(caller, "three"), _order(caller, 2))]
            assert not any(each.done() for each in waiting)
        assert [each.result() for each in waiting] == [Accepted(send_id=send_id, replayed=True) for send_id in (first, second)]
    assert not any(each.replayed for each in passing)


@pytest.mark.usefixtures("own_process")
def test_waits_for_many_keys_do_not_add_up(database: Engine, caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "_KEY_PATIENCE", 0)
    monkeypatch.setattr("api.idempotency_keys._LOCK_WAIT", 1000)
    own, names = _intake(), [f"key {number}" for number in range(20)]
    with ThreadPoolExecutor(max_workers=len(names) + 2) as threads:
        list(threads.map(own.submit, [_keyed(caller, name) for name in names]))
        with _held(database, caller, *names):
            with database.begin() as blocker:
                blocker.execute(sqlalchemy.text("LOCK TABLE sends IN EXCLUSIVE MODE"))
                threads.submit(own.submit, _order(caller, 0))
                await_true(lambda: _blocked(database), 5)
                waiting = [threads.submit(own.submit, _keyed(caller, name)) for name in names]
                passing = threads.submit(own.submit, _order(caller, 1))
                await_true(lambda: own._entries.qsize() == len(names) + 1, 5)
            assert not passing.result(timeout=10).replayed
            assert {type(each.exception()) for each in waiting} == {IdempotencyInProgress}


@pytest.mark.usefixtures("own_process")
def test_a_key_that_stays_held_is_in_progress(database: Engine, caller: Caller) -> None:
    own = _intake()
    own.submit(_keyed(caller, "one"))
    with _held(database, caller, "one"), pytest.raises(IdempotencyInProgress):
        own.submit(_keyed(caller, "one"))
    assert caller.sends(database) == 1


@pytest.mark.usefixtures("own_process")
def test_of_processes_that_take_over_a_failed_sends_key_at_once_one_sends(database: Engine, caller: Caller) -> None:
    publisher = Publisher(lambda: 0)
    processes = [_intake(publisher) for _ in range(3)]
    with ThreadPoolExecutor(max_workers=6) as threads:
        for number in range(10):
            failed = processes[0].submit(_keyed(caller, f"key {number}"))
            with database.begin() as connection:
                connection.execute(update(sends).where(sends.c.id == failed.send_id).values(state=SendState.FAILED))
            orders = [_keyed(caller, f"key {number}", forgets_failures=True) for _ in range(6)]
            taken = [each.result() for each in [threads.submit(processes[at % 3].submit, order) for at, order in enumerate(orders)]]
            assert [each.replayed for each in taken].count(False) == 1
            assert len({each.send_id for each in taken}) == 1
    assert caller.sends(database) == 20


@pytest.mark.usefixtures("own_process")
def test_of_keys_that_are_taken_together_each_fares_as_it_would_alone(database: Engine, caller: Caller) -> None:
    own = _intake()
    names = ("repeated", "reused", "expired", "failed", "failed in vain")
    stood = {name: own.submit(_keyed(caller, name)).send_id for name in names}
    with database.begin() as connection:
        failed = sends.c.id.in_([stood["failed"], stood["failed in vain"]])
        connection.execute(update(sends).where(failed).values(state=SendState.FAILED))
        expired = (idempotency_keys.c.account_id == caller.account_id, idempotency_keys.c.key == "expired")
        connection.execute(update(idempotency_keys).where(*expired).values(expires_at=func.now()))
    orders = {name: _keyed(caller, name, forgets_failures=name == "failed") for name in (*names, "new")}
    orders["reused"] = _with_fingerprint(orders["reused"], b"another")
    with database.begin() as blocker, ThreadPoolExecutor(max_workers=len(orders) + 1) as threads:
        blocker.execute(sqlalchemy.text("LOCK TABLE sends IN EXCLUSIVE MODE"))
        threads.submit(own.submit, _order(caller, 0))
        await_true(lambda: _blocked(database), 5)
        results = {name: threads.submit(own.submit, order) for name, order in orders.items()}
        await_true(lambda: own._entries.qsize() == len(orders), 5)
        blocker.rollback()
    with pytest.raises(IdempotencyKeyReused):
        results.pop("reused").result()
    replayed = {name: result.result().send_id for name, result in results.items() if result.result().replayed}
    assert replayed == {name: stood[name] for name in ("repeated", "failed in vain")}
    assert all(result.result().send_id == orders[name].send_id for name, result in results.items() if name not in replayed)
    assert caller.sends(database) == len(names) + 1 + len(("expired", "failed", "new"))


def _with_fingerprint(order: Order, fingerprint: bytes) -> Order:
    assert order.idempotency is not None
    return replace(order, idempotency=replace(order.idempotency, fingerprint=fingerprint))


@pytest.mark.usefixtures("own_process")
def test_only_for_a_key_the_wait_is_brief(database: Engine, caller: Caller) -> None:
    own = _intake()
    with ThreadPoolExecutor(max_workers=1) as threads:
        with database.begin() as blocker:
            blocker.execute(sqlalchemy.text("LOCK TABLE sends IN EXCLUSIVE MODE"))
            waiting = threads.submit(own.submit, _keyed(caller, "one"))
            await_true(lambda: _blocked(database, 0.2), 5)
        assert not waiting.result().replayed

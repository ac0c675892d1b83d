"""The only way a send comes to be, whatever the dialect: one commit, then ids to the queue.

Requests that are here at the same moment commit together: one thread per process takes all orders that wait, writes them in one
transaction and answers each. What is accepted stands in Postgres before anybody hears of it.
"""

import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Final
from uuid import UUID

from sqlalchemy import Boolean, Connection, bindparam, case, func
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api import idempotency_keys
from api.idempotency_keys import IdempotencyInProgress, IdempotencyKeyReused
from api.orders import Order, delivery_rows, opens, send_row
from api.publishing import Publisher
from shared import ids, settings
from shared.db import engine
from shared.db.statements import intake as statements
from shared.db.tables.sends import send_numbers
from shared.domain.due import AT_ONCE, Due
from shared.management import promotion
from shared.queues import Queue

_KEY_PATIENCE: Final = 0.25
"""For how much of ``database_timeout`` an idempotency key is waited for that a request in another process has in hand."""
_KEY_AGAIN: Final = 0.1
"""Seconds after which it is asked for again."""


class Stalled(Exception):
    """An order was not committed in time and never will be: the commits before it take too long."""


DATABASE_AWAY: Final = (OperationalError, InterfaceError, InternalError, PoolTimeoutError, Stalled)
"""What is raised when Postgres cannot be asked, or, as a standby does, refuses to write."""


class _Contended(Exception):
    """An order's idempotency key is in the hands of another transaction."""

    def __init__(self, send_id: UUID) -> None:
        super().__init__()
        self.send_id = send_id


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """A committed send."""

    send_id: UUID
    replayed: bool
    """True when the idempotency key already stood for it: nothing was made."""


_INSERT_DELIVERIES: Final = statements.insert_deliveries.values(
    queued_at=case((bindparam("opens", type_=Boolean), func.now())),
    published_at=case((bindparam("opens", type_=Boolean), func.now())),
)


class Intake:
    """The committing thread of a process, and the queue before it."""

    def __init__(self, publisher: Publisher) -> None:
        self._orders: SimpleQueue[tuple[Order, Future[Accepted]]] = SimpleQueue()
        self._publisher = publisher
        threading.Thread(target=self._run, name="intake", daemon=True).start()

    def submit(self, order: Order) -> Accepted:
        """Commit an order, together with whatever else waits. Returns once it is durable.

        Who waits for a key does so here, in a thread of his own: those who commit with him are not held up by it.

        Raises :class:`IdempotencyKeyReused`, :class:`IdempotencyInProgress`, or one of :data:`DATABASE_AWAY`, after which nothing
        was accepted or the same idempotency key finds it.
        """
        deadline = time.monotonic() + settings.get().database_timeout * _KEY_PATIENCE
        while True:
            try:
                return self._submit(order)
            except IdempotencyInProgress:
                if time.monotonic() >= deadline:
                    raise
            time.sleep(_KEY_AGAIN)

    def _submit(self, order: Order) -> Accepted:
        accepted: Future[Accepted] = Future()
        self._orders.put((order, accepted))
        try:
            return accepted.result(settings.get().database_timeout)
        except TimeoutError:
            if accepted.cancel():
                raise Stalled from None
            return accepted.result()

    def _run(self) -> None:
        while True:
            entries = [entry for entry in self._gather() if entry[1].set_running_or_notify_cancel()]
            if entries:
                self._commit(entries)

    def _gather(self) -> list[tuple[Order, Future[Accepted]]]:
        """Take what waits; of two orders under one idempotency key only the first, so that the second finds its send."""
        taken = [self._orders.get()]
        keys = {_key(taken[0][0])}
        while len(taken) < settings.get().commit_batch:
            try:
                entry = self._orders.get_nowait()
            except Empty:
                break
            if (key := _key(entry[0])) and key in keys:
                self._orders.put(entry)
                break
            keys.add(key)
            taken.append(entry)
        return taken

    def _commit(self, entries: list[tuple[Order, Future[Accepted]]]) -> None:
        """Commit a batch; one that cannot be written is taken apart, so that a bad order fails alone."""
        orders = [order for order, _ in entries]
        try:
            results, due = _write(orders)
        except _Contended as contended:
            self._commit_without(entries, contended.send_id)
        except DATABASE_AWAY as error:
            _refuse(entries, error)
        except Exception as error:  # noqa: BLE001 - the thread outlives a bug; its callers hear of it.
            self._commit_apart(entries, error)
        else:
            self._publisher.publish(due)
            _answer(entries, results)

    def _commit_without(self, entries: list[tuple[Order, Future[Accepted]]], send_id: UUID) -> None:
        _refuse([entry for entry in entries if entry[0].send_id == send_id], IdempotencyInProgress())
        if others := [entry for entry in entries if entry[0].send_id != send_id]:
            self._commit(others)

    def _commit_apart(self, entries: list[tuple[Order, Future[Accepted]]], error: Exception) -> None:
        if len(entries) == 1:
            _refuse(entries, error)
            return
        for entry in entries:
            self._commit([entry])


def _key(order: Order) -> tuple[UUID, str, str] | None:
    key = order.idempotency
    return (order.account_id, key.scope, key.key) if key else None


def _refuse(entries: Iterable[tuple[Order, Future[Accepted]]], error: Exception) -> None:
    for _, accepted in entries:
        accepted.set_exception(error)


def _answer(entries: Iterable[tuple[Order, Future[Accepted]]], results: Iterable[Accepted | IdempotencyKeyReused]) -> None:
    for (_, accepted), result in zip(entries, results, strict=True):
        if isinstance(result, IdempotencyKeyReused):
            accepted.set_exception(result)
        else:
            accepted.set_result(result)


def _write(orders: Sequence[Order]) -> tuple[list[Accepted | IdempotencyKeyReused], list[Due]]:
    """Write orders; give what became of each, and the deliveries to publish. What is due within the horizon is promoted at once."""
    with engine.get().begin() as connection:
        results = _claim_keys(connection, orders)
        fresh = [order for order in orders if results[order.send_id] == Accepted(send_id=order.send_id, replayed=False)]
        statements.execute_many(connection, statements.insert_sends, [send_row(order) for order in fresh])
        statements.execute_many(connection, _INSERT_DELIVERIES, [row for order in fresh for row in delivery_rows(order)])
        due = promotion.promote(connection, [order.send_id for order in fresh if order.plan.schedule])
    return [results[order.send_id] for order in orders], [*_opened(fresh), *due]


def _opened(orders: Iterable[Order]) -> list[Due]:
    return [
        Due(id=ids.delivery_of(order.send_id, number), queue=Queue.SEND, at=AT_ONCE)
        for order in orders
        for number, delivery in enumerate(order.plan.deliveries, start=1)
        if opens(order.plan, delivery)
    ]


def _claim_keys(connection: Connection, orders: Sequence[Order]) -> dict[UUID, Accepted | IdempotencyKeyReused]:
    """Take the idempotency keys, always in their order, so that two processes never wait for each other in a circle."""
    in_order = sorted(orders, key=lambda order: _key(order) or (order.account_id, "", ""))
    has_keys = any(order.idempotency for order in orders)
    with idempotency_keys.brief_waits(connection) if has_keys else nullcontext():
        return {order.send_id: _claim_key(connection, order) for order in in_order}


def _claim_key(connection: Connection, order: Order) -> Accepted | IdempotencyKeyReused:
    """Take the order's idempotency key, if it has one, or find the send that it already stands for."""
    key = order.idempotency
    try:
        send_id = idempotency_keys.claim(connection, order.account_id, key, order.send_id) if key else order.send_id
    except IdempotencyKeyReused as error:
        return error
    except IdempotencyInProgress:
        raise _Contended(order.send_id) from None
    return Accepted(send_id=send_id, replayed=send_id != order.send_id)


def next_number() -> int:
    """Take the integer number of a send that is to be submitted, for a dialect that answers with it."""
    with engine.get().begin() as connection:
        number: int = connection.execute(send_numbers.next_value().select()).scalar_one()
    return number

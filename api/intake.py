"""The only way a send comes to be, whatever the dialect: one commit, then ids to the queue.

Requests that are here at the same moment commit together: one thread per process takes all orders that wait, writes them in one
transaction and answers each. What is accepted stands in Postgres before anybody hears of it.
"""

import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import Any, Final
from uuid import UUID

from psycopg.errors import LockNotAvailable
from sqlalchemy import Boolean, Connection, Row, bindparam, case, func
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api.publishing import Publisher
from shared import ids, settings
from shared.db import engine
from shared.db.statements import intake as statements
from shared.db.tables.sends import send_numbers
from shared.domain import confirmation, targets
from shared.domain.due import AT_ONCE, Due
from shared.domain.send import DeliveryView, PlannedDelivery, SendPlan, SendView
from shared.domain.states import DeliveryState, SendState
from shared.management import promotion
from shared.queues import Queue

IDEMPOTENCY_SECONDS: Final = 24 * 3600
_KEY_WAIT: Final = 250
"""Milliseconds, for each second of ``database_timeout``, that a key is waited for which another request is just committing."""


class Stalled(Exception):
    """An order was not committed in time and never will be: the commits before it take too long."""


DATABASE_AWAY: Final = (OperationalError, InterfaceError, InternalError, PoolTimeoutError, Stalled)
"""What is raised when Postgres cannot be asked, or, as a standby does, refuses to write."""


class IdempotencyKeyReused(Exception):
    """The key stands for another request of this account."""


class IdempotencyInProgress(Exception):
    """The key is held by a request that is still being committed, for longer than can be waited."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IdempotencyKey:
    """A client's word that two requests are one."""

    scope: str
    key: str
    fingerprint: bytes
    """A hash of the request; another one under the same key is a mistake of the client."""
    forgets_failures: bool = False
    """Whether the key is free again once its send has ended without success (contract, Kanal 2)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """A plan with whose it is."""

    plan: SendPlan
    account_id: UUID
    token_id: UUID
    request_id: str
    waiter: str | None
    """The process that waits for the outcome, if one does."""
    idempotency: IdempotencyKey | None = None
    number: int | None = None
    """The send's integer number, where its dialect answers with one; taken from :func:`next_number`."""
    send_id: UUID = field(default_factory=ids.new_send)


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

        Raises :class:`IdempotencyKeyReused`, or one of :data:`DATABASE_AWAY`, after which nothing was accepted or the same
        idempotency key finds it.
        """
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
        except IdempotencyInProgress as error:
            self._commit_apart(entries, error)
        except DATABASE_AWAY as error:
            _refuse(entries, error)
        except Exception as error:  # noqa: BLE001 - the thread outlives a bug; its callers hear of it.
            self._commit_apart(entries, error)
        else:
            self._publisher.publish(due)
            _answer(entries, results)

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
        if _opens(order.plan, delivery)
    ]


def _claim_keys(connection: Connection, orders: Sequence[Order]) -> dict[UUID, Accepted | IdempotencyKeyReused]:
    """Take the idempotency keys, always in their order, so that two processes never wait for each other in a circle."""
    if any(order.idempotency for order in orders):
        connection.execute(statements.wait_briefly, {"milliseconds": str(round(settings.get().database_timeout * _KEY_WAIT))})
    in_order = sorted(orders, key=lambda order: _key(order) or (order.account_id, "", ""))
    try:
        return {order.send_id: _claim_key(connection, order) for order in in_order}
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise IdempotencyInProgress from None
        raise


def _claim_key(connection: Connection, order: Order) -> Accepted | IdempotencyKeyReused:
    """Take the order's idempotency key in the send's own transaction, or find the send it already stands for."""
    key = order.idempotency
    if key is None:
        return Accepted(send_id=order.send_id, replayed=False)
    owner = {"account_id": order.account_id, "scope": key.scope, "key": key.key}
    about = {"fingerprint": key.fingerprint, "send_id": order.send_id, "forgets_failures": key.forgets_failures}
    values = {**owner, **about, "ttl_seconds": IDEMPOTENCY_SECONDS}
    if connection.execute(statements.claim_idempotency_key, values).one_or_none():
        return Accepted(send_id=order.send_id, replayed=False)
    standing = connection.execute(statements.select_idempotency_key, owner).one()
    same = bytes(standing.fingerprint) == key.fingerprint
    return Accepted(send_id=standing.send_id, replayed=True) if same else IdempotencyKeyReused()


def next_number() -> int:
    """Take the integer number of a send that is to be submitted, for a dialect that answers with it."""
    with engine.get().begin() as connection:
        number: int = connection.execute(send_numbers.next_value().select()).scalar_one()
    return number


def first_use(account_id: UUID, scope: str, key: str) -> datetime | None:
    """Tell when an idempotency key was first used, as long as it stands."""
    standing = _standing(account_id, scope, key)
    return standing.created_at if standing else None


def repeated_send(account_id: UUID, key: IdempotencyKey) -> UUID | None:
    """Give the send of the request that this one repeats. Raises :class:`IdempotencyKeyReused` when it was another request."""
    standing = _standing(account_id, key.scope, key.key)
    if standing is not None and bytes(standing.fingerprint) != key.fingerprint:
        raise IdempotencyKeyReused
    return standing.send_id if standing else None


def _standing(account_id: UUID, scope: str, key: str) -> Row[Any] | None:
    with engine.get().connect() as connection:
        owner = {"account_id": account_id, "scope": scope, "key": key}
        return connection.execute(statements.select_idempotency_key, owner).one_or_none()


def send_row(order: Order) -> dict[str, Any]:
    """Give the row of a send."""
    plan = order.plan
    return {
        "id": order.send_id,
        "account_id": order.account_id,
        "dialect": plan.dialect,
        "state": _send_state(plan),
        "channels": [delivery.channel.value for delivery in plan.deliveries],
        "variables": dict(plan.variables),
        "schedule_at": plan.schedule,
        "expires_at": plan.expires_at,
        "token_id": order.token_id,
        "request_id": order.request_id,
        "waiter": order.waiter,
        "number": order.number,
        "until": confirmation.dump(plan.until),
    }


def delivery_rows(order: Order) -> list[dict[str, Any]]:
    """Give the rows of a send's deliveries, with their addresses in canonical form."""
    return [_delivery_row(order, number, delivery) for number, delivery in enumerate(order.plan.deliveries, start=1)]


def _delivery_row(order: Order, number: int, delivery: PlannedDelivery) -> dict[str, Any]:
    return {
        "id": ids.delivery_of(order.send_id, number),
        "send_id": order.send_id,
        "account_id": order.account_id,
        "channel": delivery.channel,
        "tier": delivery.tier,
        "fallback": delivery.fallback,
        "key_id": delivery.key_id,
        "target": delivery.target,
        "address": None if delivery.target is None else targets.normalise(delivery.channel, delivery.target),
        "template_id": delivery.template_id,
        "content": delivery.content,
        "state": _delivery_state(order.plan, delivery),
        "opens": _opens(order.plan, delivery),
    }


def view(order: Order) -> SendView:
    """Give an order's send as it stands right after its commit, without asking Postgres."""
    return SendView(
        id=order.send_id,
        account_id=order.account_id,
        dialect=order.plan.dialect,
        state=_send_state(order.plan),
        tier=0,
        created_at=datetime.now(UTC),
        schedule=order.plan.schedule,
        expires_at=order.plan.expires_at,
        ended_at=None,
        until=order.plan.until,
        deliveries=tuple(_delivery_view(order, number, each) for number, each in enumerate(order.plan.deliveries, start=1)),
    )


def _delivery_view(order: Order, number: int, delivery: PlannedDelivery) -> DeliveryView:
    return DeliveryView(
        id=ids.delivery_of(order.send_id, number),
        channel=delivery.channel,
        tier=delivery.tier,
        fallback=delivery.fallback,
        state=_delivery_state(order.plan, delivery),
    )


def _send_state(plan: SendPlan) -> SendState:
    return SendState.SCHEDULED if plan.schedule else SendState.RUNNING


def _delivery_state(plan: SendPlan, delivery: PlannedDelivery) -> DeliveryState:
    return DeliveryState.QUEUED if _opens(plan, delivery) else DeliveryState.WAITING


def _opens(plan: SendPlan, delivery: PlannedDelivery) -> bool:
    return plan.schedule is None and delivery.tier == 0

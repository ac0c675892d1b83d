"""The only way a send comes to be, whatever the dialect: one commit, then ids to the queue.

Requests that are here at the same moment commit together: one thread per process takes all orders that wait, writes them in one
transaction and answers each. What is accepted stands in Postgres before anybody hears of it.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Final
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api import idempotency_keys
from api.backlog import Backlog
from api.errors import Overloaded
from api.idempotency_keys import Claim, IdempotencyInProgress, IdempotencyKeyReused, Owner
from api.orders import Order, Rows, opens, parameters, rows
from api.promises import Promise
from api.publishing import Publisher
from shared import ids, metrics, settings
from shared.db import engine, hot
from shared.db.statements import intake as statements
from shared.domain.due import AT_ONCE, Due
from shared.management import promotion

_KEY_PATIENCE: Final = 0.25
"""For how much of ``database_timeout`` an idempotency key is waited for that a request in another process has in hand."""
_KEY_AGAIN: Final = 0.1
"""Seconds after which it is asked for again."""
_MOST_BYTES: Final = 4 << 20
"""Bytes of rows committed in one transaction, beside which one more order may be of any size that a request may have."""


class Stalled(Exception):
    """An order was not committed in time and never will be: the commits before it take too long."""


class Unwritable(Exception):
    """An order that Postgres refuses to write. Says only which error it was: its words may be the message's."""


DATABASE_AWAY: Final = (OperationalError, InterfaceError, InternalError, PoolTimeoutError, Stalled)
"""What is raised when Postgres cannot be asked, or, as a standby does, refuses to write."""


class _Contended(Exception):
    """An order's idempotency key is in the hands of another transaction: ``None`` when it is not known which one's."""

    def __init__(self, send_id: UUID | None) -> None:
        super().__init__()
        self.send_id = send_id


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """A committed send."""

    send_id: UUID
    replayed: bool
    """True when the idempotency key already stood for it: nothing was made."""


_Standing = Accepted | IdempotencyKeyReused


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    """An order that waits for its commit, ready to be written."""

    order: Order
    rows: Rows
    claim: Claim | None
    accepted: Promise[Accepted]
    at: float = field(default_factory=time.monotonic)

    @property
    def owner(self) -> Owner | None:
        """The idempotency key that it takes, if it takes one."""
        return self.claim.owner if self.claim else None


class Intake:
    """The committing thread of a process, and the queue before it."""

    def __init__(self, publisher: Publisher, backlog: Backlog) -> None:
        self._entries: SimpleQueue[_Entry] = SimpleQueue()
        self._publisher = publisher
        self._backlog = backlog
        threading.Thread(target=self._run, name="intake", daemon=True).start()

    def submit(self, order: Order) -> Accepted:
        """Commit an order, together with whatever else waits. Returns once it is durable.

        Who waits for a key does so here, in a thread of his own: those who commit with him are not held up by it.

        Raises :class:`IdempotencyKeyReused`, :class:`IdempotencyInProgress`, :class:`Overloaded`, or one of :data:`DATABASE_AWAY`,
        after which nothing was accepted or the same idempotency key finds it.
        """
        try:
            self._backlog.admit()
        except Overloaded as refusal:
            return _repeated(order, refusal)
        written, claim = rows(order), _claim(order)
        deadline = time.monotonic() + settings.get().database_timeout * _KEY_PATIENCE
        while True:
            try:
                return self._submit(_Entry(order=order, rows=written, claim=claim, accepted=Promise()))
            except IdempotencyInProgress:
                if time.monotonic() >= deadline:
                    raise
            time.sleep(_KEY_AGAIN)

    def _submit(self, entry: _Entry) -> Accepted:
        self._entries.put(entry)
        try:
            return entry.accepted.result(settings.get().database_timeout)
        except TimeoutError:
            metrics.SENDS_REFUSED.labels("database_away").inc()
            raise Stalled from None

    def _run(self) -> None:
        while True:
            entries = [entry for entry in self._gather() if entry.accepted.take()]
            if entries:
                self._commit(entries)

    def _gather(self) -> list[_Entry]:
        """Take what waits; of two orders under one idempotency key only the first, so that the second finds its send."""
        taken = [self._entries.get()]
        keys, size = {taken[0].owner}, len(taken[0].rows)
        while len(taken) < settings.get().commit_batch and size < _MOST_BYTES:
            try:
                entry = self._entries.get_nowait()
            except Empty:
                break
            if entry.owner and entry.owner in keys:
                self._entries.put(entry)
                break
            keys.add(entry.owner)
            size += len(entry.rows)
            taken.append(entry)
        return taken

    def _commit(self, entries: list[_Entry]) -> None:
        """Commit a batch, without those whose idempotency key another transaction holds.

        The keys are taken together and, when one of them is held, ``apart``, which tells whose it is.
        """
        left = self._try(entries, apart=False)
        while left:
            left = self._try(left, apart=True)

    def _try(self, entries: list[_Entry], *, apart: bool) -> list[_Entry]:
        """Commit a batch; one that cannot be written is taken apart, so that a bad order fails alone.

        Gives what is left to commit when a key is held.
        """
        try:
            results, due = _write(entries, apart=apart)
        except _Contended as contended:
            return _without(entries, contended.send_id)
        except DATABASE_AWAY as error:
            metrics.SENDS_REFUSED.labels("database_away").inc(len(entries))
            _refuse(entries, error)
        except Exception as error:  # noqa: BLE001 - the thread outlives a bug; its callers hear of it.
            self._commit_apart(entries, error)
        else:
            self._backlog.add(len(due))
            self._publisher.publish(due)
            _count(entries, results)
            _answer(entries, results)
        return []

    def _commit_apart(self, entries: list[_Entry], error: Exception) -> None:
        if len(entries) == 1:
            _refuse(entries, Unwritable(type(error.orig).__name__) if isinstance(error, DBAPIError) else error)
            return
        for entry in entries:
            self._commit([entry])


def _repeated(order: Order, refusal: Overloaded) -> Accepted:
    """Find the send that an order repeats, which stands whatever is refused now. Raises the refusal of one that would be new."""
    standing = idempotency_keys.repeated_send(order.account_id, order.idempotency) if order.idempotency else None
    if standing is None:
        metrics.SENDS_REFUSED.labels("overloaded").inc()
        raise refusal
    return Accepted(send_id=standing, replayed=True)


def _refuse(entries: Iterable[_Entry], error: Exception) -> None:
    for entry in entries:
        entry.accepted.fail(error)


def _without(entries: Sequence[_Entry], send_id: UUID | None) -> list[_Entry]:
    """Refuse the order whose idempotency key is held, and give the others."""
    _refuse([entry for entry in entries if entry.order.send_id == send_id], IdempotencyInProgress())
    return [entry for entry in entries if entry.order.send_id != send_id]


def _count(entries: Iterable[_Entry], results: Iterable[_Standing]) -> None:
    """Count what was accepted just now, and not before."""
    made = [entry for entry, result in zip(entries, results, strict=True) if result == _made(entry.order)]
    for dialect, number in Counter(entry.order.plan.dialect for entry in made).items():
        metrics.SENDS_ACCEPTED.labels(dialect).inc(number)
    now = time.monotonic()
    for entry in made:
        metrics.INTAKE_SECONDS.observe(now - entry.at)


def _answer(entries: Iterable[_Entry], results: Iterable[_Standing]) -> None:
    for entry, result in zip(entries, results, strict=True):
        if isinstance(result, IdempotencyKeyReused):
            entry.accepted.fail(result)
        else:
            entry.accepted.keep(result)


def _write(entries: Sequence[_Entry], *, apart: bool) -> tuple[list[_Standing], list[Due]]:
    """Write orders; give what became of each, and the deliveries to publish. What is due within the horizon is promoted at once."""
    if any(entry.order.idempotency or entry.order.plan.schedule for entry in entries):
        return _write_together(entries, apart=apart)
    hot.write(engine.get(), statements.insert_sends, parameters([entry.rows for entry in entries]))
    return [_made(entry.order) for entry in entries], _opened(entries)


def _write_together(entries: Sequence[_Entry], *, apart: bool) -> tuple[list[_Standing], list[Due]]:
    """Write what takes several statements, which commit together."""
    with engine.get().begin() as connection:
        results = _claim_keys(connection, entries, apart=apart)
        fresh = [entry for entry in entries if results[entry.order.send_id] == _made(entry.order)]
        if fresh:
            connection.execute(statements.insert_sends, parameters([entry.rows for entry in fresh]))
        due = promotion.promote(connection, [entry.order.send_id for entry in fresh if entry.order.plan.schedule])
    return [results[entry.order.send_id] for entry in entries], [*_opened(fresh), *due]


def _made(order: Order) -> Accepted:
    return Accepted(send_id=order.send_id, replayed=False)


def _opened(entries: Iterable[_Entry]) -> list[Due]:
    return [
        Due(id=ids.delivery_of(entry.order.send_id, number), queue=entry.order.queue, at=AT_ONCE)
        for entry in entries
        for number, delivery in enumerate(entry.order.plan.deliveries, start=1)
        if opens(entry.order.plan, delivery)
    ]


def _claim_keys(connection: Connection, entries: Sequence[_Entry], *, apart: bool) -> dict[UUID, _Standing]:
    """Take the idempotency keys, always in their order, so that two processes never wait for each other in a circle."""
    claims = sorted((entry.claim for entry in entries if entry.claim), key=lambda claim: claim.owner)
    taken: dict[UUID, UUID | IdempotencyKeyReused] = {}
    if claims:
        with idempotency_keys.brief_waits(connection, once_more=apart):
            for together in [[claim] for claim in claims] if apart else [claims]:
                taken.update(_take(connection, together))
    return {send_id: _standing(send_id, taken.get(send_id, send_id)) for send_id in (entry.order.send_id for entry in entries)}


def _claim(order: Order) -> Claim | None:
    return Claim(account_id=order.account_id, key=order.idempotency, send_id=order.send_id) if order.idempotency else None


def _take(connection: Connection, claims: Sequence[Claim]) -> dict[UUID, UUID | IdempotencyKeyReused]:
    try:
        return idempotency_keys.claim(connection, claims)
    except IdempotencyInProgress:
        raise _Contended(claims[0].send_id if len(claims) == 1 else None) from None


def _standing(send_id: UUID, found: UUID | IdempotencyKeyReused) -> _Standing:
    """Say what an order has come to: its own send, or the one that its idempotency key stands for already."""
    return Accepted(send_id=found, replayed=found != send_id) if isinstance(found, UUID) else found


def next_number() -> int:
    """Take the integer number of a send that is to be submitted, for a dialect that answers with it."""
    with engine.autocommit() as connection:
        number: int = connection.execute(statements.take_number).scalar_one()
    return number

"""Waking requests that wait for an outcome.

One subscriber per process hears which sends have settled, reads all of them at once, and hands each to the request that waits for
it. A hint can be lost with Redis, so a request that waits looks at its send again now and then, and once more when its time is up.
"""

import secrets
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import redis
import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from api import auth
from shared import settings, signals
from shared.db import engine
from shared.domain.send import SendView
from shared.domain.states import FINAL_SENDS
from shared.management import sends

_log: Final = structlog.get_logger("waiting")
_LOOK_AGAIN: Final = 2.0
_LOOK_SOON: Final = 0.25
_RECONNECT: Final = 1.0


@dataclass(frozen=True, slots=True)
class Expected:
    """A send that a request waits for."""

    size: int
    """How many deliveries it has."""
    outcome: Future[SendView] = field(default_factory=Future)


class WaitingRoom:
    """The requests of a process that wait. A quarter of its threads is kept for those that do not."""

    def __init__(self) -> None:
        self.process: Final = secrets.token_hex(8)
        self._expected: dict[UUID, Expected] = {}
        self._places = threading.BoundedSemaphore(max(1, settings.get().api_threads * 3 // 4))
        threading.Thread(target=self._listen, name="waiting", daemon=True).start()

    @contextmanager
    def place(self, *, wanted: bool) -> Iterator[bool]:
        """Take a place to wait, if one is wanted and free; gives whether it was."""
        taken = wanted and self._places.acquire(blocking=False)
        try:
            yield taken
        finally:
            if taken:
                self._places.release()

    @contextmanager
    def expect(self, send_id: UUID, size: int) -> Iterator[Expected]:
        """Register for a send, before it is committed, so that its outcome cannot be missed."""
        expected = self._expected[send_id] = Expected(size)
        try:
            yield expected
        finally:
            self._expected.pop(send_id, None)

    def _listen(self) -> None:
        while True:
            try:
                self._subscribe()
            except (RedisError, OSError):
                _log.warning("waiting.signals_away")
            except Exception:  # noqa: BLE001 - the thread outlives a bug: without it no revocation is heard.
                _log.exception("waiting.bug")
            time.sleep(_RECONNECT)

    def _subscribe(self) -> None:
        """Hear until Redis is gone. Each subscription forgets once it stands: of what was said before, nothing was heard."""
        client = redis.Redis.from_url(settings.get().signals, socket_connect_timeout=3, health_check_interval=15)
        with client.pubsub() as subscription:  # type: ignore[no-untyped-call]
            own = signals.settled_channel(self.process)
            subscription.subscribe(own, signals.REVOKED)
            for message in subscription.listen():
                if message["type"] == "message" and message["channel"].decode() == own:
                    self._hear(message["data"])
                else:
                    auth.forget()

    def _hear(self, payload: bytes) -> None:
        settled = {send_id: self._expected.get(send_id) for send_id in signals.unpack(payload)}
        self._hand_over({send_id: expected for send_id, expected in settled.items() if expected is not None})

    def _hand_over(self, settled: dict[UUID, Expected]) -> None:
        """Read what has settled and wake who waits for it; when Postgres is away, those look again themselves."""
        try:
            with engine.get().connect() as connection:
                views = sends.load_many(connection, {send_id: expected.size for send_id, expected in settled.items()})
        except SQLAlchemyError:
            _log.warning("waiting.database_away", sends=len(settled))
            return
        for send_id, view in views.items():
            if not settled[send_id].outcome.done():
                settled[send_id].outcome.set_result(view)


def outcome_of(send_id: UUID, expected: Expected | None, seconds: float) -> SendView:
    """Give a send once it has its outcome, or as it stands after ``seconds``. One that is not expected is looked at often."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        view = _wait(send_id, expected, left)
        if view.state in FINAL_SENDS:
            return view
    return view_of(send_id)


def _wait(send_id: UUID, expected: Expected | None, left: float) -> SendView:
    if expected is None:
        time.sleep(min(left, _LOOK_SOON))
        return view_of(send_id)
    try:
        return expected.outcome.result(min(left, _LOOK_AGAIN))
    except NotYet:
        return view_of(send_id)


def view_of(send_id: UUID) -> SendView:
    """Read a committed send. Raises :class:`LookupError` when there is none."""
    with engine.get().connect() as connection:
        view = sends.load(connection, send_id)
    if view is None:
        raise LookupError("a committed send is not to be found")
    return view

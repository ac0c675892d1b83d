"""Waking requests that wait for an outcome.

One subscriber per process hears which sends have settled. A hint can be lost with Redis, so a request that waits looks at its
send again now and then, and once more when its time is up.
"""

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

import redis
import structlog
from redis.exceptions import RedisError

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


class WaitingRoom:
    """The requests of a process that wait. A quarter of its threads is kept for those that do not."""

    def __init__(self) -> None:
        self.process: Final = secrets.token_hex(8)
        self._events: dict[UUID, threading.Event] = {}
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
    def expect(self, send_id: UUID) -> Iterator[threading.Event]:
        """Register for a send, before it is committed, so that its outcome cannot be missed."""
        event = self._events[send_id] = threading.Event()
        try:
            yield event
        finally:
            self._events.pop(send_id, None)

    def outcome(self, send_id: UUID, event: threading.Event | None, seconds: float) -> SendView:
        """Give the send once it has its outcome, or as it stands after ``seconds``. Without an event it looks often."""
        deadline = time.monotonic() + seconds
        pause = _LOOK_SOON if event is None else _LOOK_AGAIN
        while (left := deadline - time.monotonic()) > 0:
            (event or threading.Event()).wait(min(left, pause))
            view = view_of(send_id)
            if view.state in FINAL_SENDS:
                return view
        return view_of(send_id)

    def _listen(self) -> None:
        while True:
            try:
                self._subscribe()
            except (RedisError, OSError):
                _log.warning("waiting.signals_away")
                time.sleep(_RECONNECT)

    def _subscribe(self) -> None:
        client = redis.Redis.from_url(settings.get().signals, socket_connect_timeout=3, health_check_interval=15)
        with client.pubsub(ignore_subscribe_messages=True) as subscription:
            own = signals.settled_channel(self.process)
            subscription.subscribe(own, signals.REVOKED)
            auth.forget()
            for message in subscription.listen():
                self._hear(message["channel"].decode(), message["data"], own)

    def _hear(self, channel: str, payload: bytes, own: str) -> None:
        if channel != own:
            auth.forget()
            return
        for send_id in signals.unpack(payload):
            event = self._events.get(send_id)
            if event is not None:
                event.set()


def view_of(send_id: UUID) -> SendView:
    """Read a committed send. Raises :class:`LookupError` when there is none."""
    with engine.get().connect() as connection:
        view = sends.load(connection, send_id)
    if view is None:
        raise LookupError("a committed send is not to be found")
    return view

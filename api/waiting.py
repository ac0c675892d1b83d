"""Waking requests that wait for an outcome.

One subscriber per process hears which sends have settled, reads all of them at once, and hands each to the request that waits for
it. News can be lost with Redis, so that all sends that are waited for are looked at again now and then, by a thread beside it.
"""

import secrets
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import structlog
from redis.client import PubSub
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from sqlalchemy.exc import SQLAlchemyError

from api import revocations
from api.promises import Promise
from shared import redis_clients, settings, signals
from shared.db import engine
from shared.domain.send import SendView
from shared.domain.states import FINAL_SENDS
from shared.management import sends

_log: Final = structlog.get_logger("waiting")
_LOOK_AGAIN: Final = 2.0
_LOOK_SOON: Final = 0.25
_RECONNECT: Final = 1.0
_QUIET: Final = 3.0
"""Seconds without news after which the server is asked whether it is there, and again that it has to answer."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A send that a request waits for."""

    size: int
    """How many deliveries it has."""
    outcome: Promise[SendView] = field(default_factory=Promise)


class WaitingRoom:
    """The requests of a process that wait. A quarter of its threads is kept for those that do not."""

    def __init__(self) -> None:
        self.process: Final = secrets.token_hex(8)
        self._expected: dict[UUID, Expected] = {}
        self._places = threading.BoundedSemaphore(max(1, settings.get().api_threads * 3 // 4))
        threading.Thread(target=self._listen, name="waiting", daemon=True).start()
        threading.Thread(target=self._look_again, name="looking", daemon=True).start()

    def count(self) -> int:
        """Count the sends that are waited for."""
        return len(self._expected)

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
        with (
            redis_clients.connect(settings.get().signals, socket_connect_timeout=_QUIET) as client,
            client.pubsub() as subscription,
        ):
            own = signals.settled_channel(self.process)
            subscription.subscribe(own, signals.REVOKED)
            for messages in _heard(subscription):
                self._hear(own.encode(), messages)

    def _hear(self, own: bytes, messages: Sequence[Any]) -> None:
        news = [message["data"] for message in messages if message["type"] == "message" and message["channel"] == own]
        if len(news) < len(messages):
            revocations.forget()
        settled = {send_id: self._expected.get(send_id) for send_id in signals.unpack(b"".join(news))}
        self._hand_over({send_id: expected for send_id, expected in settled.items() if expected is not None})

    def _look_again(self) -> None:
        while True:
            time.sleep(_LOOK_AGAIN)
            try:
                self._hand_over(dict(self._expected))
            except Exception:  # noqa: BLE001 - likewise: what is lost with Redis is found here alone.
                _log.exception("waiting.bug")

    def _hand_over(self, settled: Mapping[UUID, Expected]) -> None:
        """Read what may have settled and wake who waits for it. While Postgres is away it is left to the next look."""
        if not settled:
            return
        try:
            views = sends.read_many(engine.get(), {send_id: expected.size for send_id, expected in settled.items()})
        except SQLAlchemyError:
            _log.warning("waiting.database_away", sends=len(settled))
            return
        for send_id, view in views.items():
            if view.state in FINAL_SENDS and settled[send_id].outcome.take():
                settled[send_id].outcome.keep(view)


def _heard(subscription: PubSub) -> Iterator[Sequence[Any]]:
    """Give what arrives, together what is there together. Raises redis-py's ``TimeoutError`` when nothing is said at all.

    Somebody else may be the master by now, and the former one hang with all its connections open: who is quiet is asked.
    """
    asked = False
    while True:
        message = subscription.get_message(timeout=_QUIET)
        if message is None:
            _ask(subscription, again=asked)
        elif messages := [each for each in (message, *_arrived(subscription)) if each["type"] != "pong"]:
            yield messages
        asked = message is None


def _ask(subscription: PubSub, *, again: bool) -> None:
    if again:
        raise RedisTimeoutError("the server of a subscription does not answer")
    subscription.ping()


def _arrived(subscription: PubSub) -> Iterator[Any]:
    """Give the messages that are there."""
    return iter(lambda: subscription.get_message(timeout=0.0), None)


def outcome_of(send_id: UUID, expected: Expected | None, seconds: float) -> SendView:
    """Give a send once it has its outcome, or as it stands after ``seconds``. One that is not expected is looked at often."""
    if expected is None:
        return _looked_at(send_id, seconds)
    try:
        return expected.outcome.result(seconds)
    except TimeoutError:
        return view_of(send_id)


def _looked_at(send_id: UUID, seconds: float) -> SendView:
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        time.sleep(min(left, _LOOK_SOON))
        view = view_of(send_id)
        if view.state in FINAL_SENDS:
            return view
    return view_of(send_id)


def view_of(send_id: UUID) -> SendView:
    """Read a committed send. Raises :class:`LookupError` when there is none."""
    with engine.autocommit() as connection:
        view = sends.load(connection, send_id)
    if view is None:
        raise LookupError("a committed send is not to be found")
    return view

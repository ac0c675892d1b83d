"""The Celery app, its two tasks, and the canvas of a message; started as ``celery -A tests.bench.naive.tasks worker``."""

import os
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import requests
from celery import Celery, Task, chain, chord, signals
from celery.canvas import Signature
from sqlalchemy import func, insert, select, update

from tests.bench.baselines import providers
from tests.bench.naive import directory
from tests.bench.naive.tables import attempts, engine, messages
from tests.bench.naive.variables import BROKER_URL, READY

_TIMEOUTS = (5.0, 20.0)
_TRIES = 3

app = Celery("naive", broker=os.environ[BROKER_URL], backend=os.environ[BROKER_URL])


@signals.worker_ready.connect
def _say_so(**_: Any) -> None:
    print(READY)  # noqa: T201 - for who waits for it; at its default level, Celery does not.


def workflow(message_id: int, tiers: Sequence[Sequence[str]]) -> Signature[Any]:
    """Give the canvas of a message: tier by tier, each told whether the one before has delivered."""
    last = len(tiers) - 1
    chords = [
        chord([_delivery(message_id, number, channel) for channel in channels], settle.s(message_id, number, last=number == last))
        for number, channels in enumerate(tiers)
    ]
    return chain(*chords)


def _delivery(message_id: int, tier: int, channel: str) -> Signature[Any]:
    return deliver.s(message_id, channel) if tier else deliver.s(False, message_id, channel)  # noqa: FBT003 - nothing went before.


@app.task(bind=True, max_retries=_TRIES - 1)
def deliver(self: Task[Any, Any], delivered: bool, message_id: int, channel: str) -> bool:  # noqa: FBT001 - a task's result.
    """Send by one channel, unless the tier before has delivered; tell whether the provider took it."""
    if delivered:
        return True
    part = _part(message_id, channel)
    try:
        answer = _post(channel, part)
    except requests.RequestException as error:
        if self.request.retries < _TRIES - 1:
            raise self.retry(exc=error, countdown=2**self.request.retries) from error
        return _record(message_id, channel, None)
    return _record(message_id, channel, answer)


def _part(message_id: int, channel: str) -> dict[str, str]:
    with engine().connect() as connection:
        parts: dict[str, dict[str, str]] = connection.execute(
            select(messages.c.parts).where(messages.c.id == message_id)
        ).scalar_one()
    return parts[channel]


def _post(channel: str, part: dict[str, str]) -> requests.Response:
    endpoint = directory.endpoint(part["key"])
    body = providers.body(channel, part["target"], part["text"])
    return _session().post(endpoint.url, json=body, headers=dict(endpoint.headers), timeout=_TIMEOUTS)


@lru_cache(maxsize=1)
def _session() -> requests.Session:
    """Give the process's session: connections are kept alive."""
    session = requests.Session()
    session.trust_env = False
    return session


def _record(message_id: int, channel: str, answer: requests.Response | None) -> bool:
    delivered = answer is not None and answer.ok
    row = {
        "message_id": message_id,
        "channel": channel,
        "delivered": delivered,
        "status": None if answer is None else answer.status_code,
        "provider_message_id": providers.message_id(channel, answer.json()) if answer is not None and answer.ok else None,
    }
    with engine().begin() as connection:
        connection.execute(insert(attempts).values(row))
    return delivered


@app.task
def settle(results: list[bool], message_id: int, tier: int, *, last: bool) -> bool:
    """Decide a tier: the message is sent, or has failed, or goes on to the next tier. Tells whether it is sent."""
    delivered = any(results)
    ends = {"state": "sent" if delivered else "failed", "ended_at": func.now()}
    change = ends if delivered or last else {"tier": tier + 1}
    with engine().begin() as connection:
        connection.execute(update(messages).where(messages.c.id == message_id, messages.c.state == "running").values(change))
    return delivered

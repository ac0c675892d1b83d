"""The Celery app, its queues and its tasks by name: the one place where the intake and the workers meet."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import kombu
from celery import Celery
from celery.schedules import crontab
from kombu.exceptions import OperationalError
from kombu.transport import TRANSPORT_ALIASES

from shared import broker, ids, producers, rabbitmq, settings
from shared.db import clock
from shared.domain import due

BROKER_TROUBLE: Final = (OperationalError, ConnectionError, TimeoutError)
"""What publishing raises when the broker is away. Nothing is lost by it: recovery publishes from Postgres."""


_OUTDATED: Final = 3600
"""Seconds after which a run that could not start is dropped: clocks compare that, so that it is more than they may be wrong by."""


_SYNC_LOOK: Final = 60.0
"""Seconds between looks for business numbers whose templates are to be read from Meta."""


_ONCE_MORE: Final = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2}
"""How often a task is published again whose connection was lost."""


class Queue(StrEnum):
    """The queues; every one has a worker."""

    SEND = "send"
    """Immediate sends."""
    BULK = "bulk"
    """Campaigns, and an account's overflow beyond its share."""
    EVENTS = "events"
    """Webhooks and receipts."""
    UPKEEP = "upkeep"
    """What beat starts: promotion, recovery, probing, partitions."""


class Task(StrEnum):
    """The tasks, under the names that Flower shows."""

    DELIVER = "send.deliver"
    SETTLE = "send.settle"
    PROMOTE = "send.promote"
    FEED = "campaign.feed"
    RECOVER = "send.recover"
    PROBE = "key.probe"
    SYNC = "template.sync"
    CONFIRM = "send.confirm"
    RECEIPT = "receipt.handle"
    WEBHOOK = "webhook.deliver"
    PARTITIONS = "upkeep.partitions"
    EXPIRE = "upkeep.expire"
    IMPORT = "campaign.import"


_UPKEEP: Final = {"queue": Queue.UPKEEP.value, "expires": _OUTDATED}


def configuration() -> dict[str, Any]:
    """Configure Celery, when it is first used: a wrong setting is told by what needs it, not by an import."""
    current = settings.get()
    return {
        "broker_url": broker.url(current.broker_url.get_secret_value()),
        "task_queues": [_declared(name, current) for name in Queue],
        "task_default_queue": Queue.SEND.value,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_track_started": False,
        "worker_prefetch_multiplier": 1,
        "worker_disable_rate_limits": True,
        "worker_hijack_root_logger": False,
        "broker_connection_retry_on_startup": True,
        "broker_pool_limit": 10,
        "broker_heartbeat": rabbitmq.HEARTBEAT,
        "broker_transport_options": broker.options(current.broker_url.get_secret_value(), current.visibility_seconds),
        "timezone": "UTC",
        "enable_utc": True,
        "beat_schedule": _beat_schedule(current),
    }


def _declared(queue: Queue, current: settings.Settings) -> kombu.Queue:
    if current.on_rabbitmq:
        return rabbitmq.queue(queue.value)
    return kombu.Queue(queue.value, kombu.Exchange(queue.value), routing_key=queue.value)


def _beat_schedule(current: settings.Settings) -> dict[str, Any]:
    """What beat starts."""
    return {
        "promote": _every(current.promote_interval, Task.PROMOTE),
        "feed": _every(current.feed_interval, Task.FEED),
        "recover": _every(current.recover_interval, Task.RECOVER),
        "probe": _every(current.probe_interval, Task.PROBE),
        "sync": _every(min(_SYNC_LOOK, current.template_sync_interval), Task.SYNC),
        "partitions": _every(crontab(hour="2", minute="17"), Task.PARTITIONS),
        "expire": _every(crontab(minute="47"), Task.EXPIRE),
    }


def _every(interval: float | crontab, task: Task) -> dict[str, Any]:
    """Start a task at an interval, in seconds, or at times of the day, in UTC."""
    return {"task": task.value, "schedule": interval, "options": _UPKEEP}


TRANSPORT_ALIASES.update(broker.TRANSPORTS)

app = Celery("antar")
app.add_defaults(configuration)


def publish_deliveries(
    delivery_ids: Sequence[UUID],
    queue: str,
    *,
    countdown: float | None = None,
    root_id: str | None = None,
    parent_id: str | None = None,
) -> None:
    """Publish deliveries for the workers, in tasks of at most ``deliver_batch`` ids, written as ``antar why`` takes them.

    ``countdown`` is in seconds and never beyond the horizon: Redis hands tasks with a far ETA to several workers.
    ``root_id`` and ``parent_id`` chain the tiers of a send. Raises one of :data:`BROKER_TROUBLE` when the broker is away.
    """
    _publish(
        Task.DELIVER, queue, ids.DELIVERY, delivery_ids, countdown, root_id=root_id, parent_id=parent_id, retry_policy=_ONCE_MORE
    )


def publish_due(deliveries: Iterable[due.Due]) -> None:
    """Publish deliveries ahead of their time, those of one moment in shared tasks. Raises as :func:`publish_deliveries`."""
    for (moment, queue), delivery_ids in due.together(deliveries).items():
        publish_deliveries(delivery_ids, queue, countdown=max(0.0, moment - time.monotonic()))


def publish_settle(send_ids: Sequence[UUID]) -> None:
    """Publish that sends are to take their next step. Raises as :func:`publish_deliveries`."""
    with producers.producer(app) as producer:
        producers.send(app, producer, Task.SETTLE.value, _arguments(ids.SEND, send_ids), queue=Queue.SEND.value)


def publish_confirmations(delivery_ids: Sequence[UUID], *, countdown: float = 0.0) -> None:
    """Publish deliveries whose confirmation will be late after ``countdown`` seconds. Raises as :func:`publish_deliveries`."""
    _publish(Task.CONFIRM, Queue.SEND, ids.DELIVERY, delivery_ids, countdown)


def publish_receipts(webhook_ids: Sequence[UUID], *, countdown: float = 0.0) -> None:
    """Publish webhooks of the inbox, to be handled after ``countdown`` seconds. Raises as :func:`publish_deliveries`."""
    _publish(Task.RECEIPT, Queue.EVENTS, ids.INBOX, webhook_ids, countdown)


def publish_webhooks(webhook_ids: Sequence[UUID], *, countdown: float = 0.0) -> None:
    """Publish webhooks to customers, to be posted after ``countdown`` seconds. Raises as :func:`publish_deliveries`."""
    _publish(Task.WEBHOOK, Queue.EVENTS, ids.WEBHOOK, webhook_ids, countdown)


def publish_import(campaign_ids: Sequence[UUID]) -> None:
    """Publish campaigns whose files are to be read, each in a task of its own. Raises as :func:`publish_deliveries`."""
    for campaign_id in campaign_ids:
        _publish(Task.IMPORT, Queue.UPKEEP, ids.CAMPAIGN, [campaign_id], 0.0)


def publish_probe() -> None:
    """Publish that keys are to be asked whose time has come. Raises as :func:`publish_deliveries`."""
    _publish_upkeep(Task.PROBE)


def publish_sync() -> None:
    """Publish that templates are to be read whose time has come. Raises as :func:`publish_deliveries`."""
    _publish_upkeep(Task.SYNC)


def _publish_upkeep(task: Task) -> None:
    with producers.producer(app) as producer:
        producers.send(app, producer, task.value, {"expires": _OUTDATED}, queue=Queue.UPKEEP.value, expiration=_OUTDATED)


def _publish(
    task: Task, queue: str, prefix: str, identifiers: Sequence[UUID], countdown: float | None = None, **options: Any
) -> None:
    """Publish a task for ids, in batches, ``countdown`` seconds ahead."""
    _check(countdown)
    with producers.producer(app) as producer:
        moment, place = _place(producer, queue, countdown)
        for batch in _batches(identifiers, settings.get().deliver_batch):
            producers.send(app, producer, task.value, {**_arguments(prefix, batch), **moment}, **place, **options)


def _arguments(prefix: str, identifiers: Iterable[UUID]) -> dict[str, Any]:
    """Give a task's only argument, with what Flower shows of it: Celery would look through each id of it, twice."""
    args = ([ids.encode(prefix, identifier) for identifier in identifiers],)
    return {"args": args, "argsrepr": repr(args), "kwargsrepr": "{}"}


def _check(countdown: float | None) -> None:
    horizon = settings.get().horizon_seconds
    if countdown is not None and countdown > horizon:
        raise ValueError(f"a countdown of {countdown:.0f} s lies beyond the horizon of {horizon:.0f} s")


def _place(producer: kombu.Producer, queue: str, countdown: float | None) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Say when a task is to run, and where it goes: on Redis a worker holds it until then, by the database's clock."""
    if not countdown:
        return {}, {"queue": queue}
    if not settings.get().on_rabbitmq:
        return {"eta": clock.now() + timedelta(seconds=countdown)}, {"queue": queue}
    rabbitmq.ensure_delays(producer, [each.value for each in Queue], settings.get().horizon_seconds)
    return {}, {"queue": queue, **rabbitmq.later(queue, countdown)}


def depths() -> dict[str, int]:
    """Count the tasks that wait in each queue. Raises one of :data:`BROKER_TROUBLE` when the broker is away.

    On a connection of its own: one of the pool that was lost with the broker opens no channel any more, only publishing revives it.
    """
    with _connected() as connection:
        return {queue.value: _depth(connection, queue) for queue in Queue}


def workers(seconds: float) -> set[str]:
    """Name the workers that answer within so many seconds. Raises one of :data:`BROKER_TROUBLE` when the broker is away."""
    with _connected() as connection:
        answers: Any = app.control.ping(timeout=seconds, connection=connection)
    return {name for answer in answers for name in answer}


@contextmanager
def _connected() -> Iterator[kombu.Connection]:
    """Connect once. Raises one of :data:`BROKER_TROUBLE` when the broker is away, or lost meanwhile."""
    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=0)
        try:
            yield connection
        except connection.connection_errors as error:
            raise OperationalError(str(error)) from error


def _depth(connection: kombu.Connection, queue: Queue) -> int:
    """Ask for one queue, on a channel of its own: a broker may close that of a queue that is not there: Redis' empty ones."""
    try:
        with connection.channel() as channel:
            declared: Any = kombu.Queue(queue.value, channel=channel).queue_declare(passive=True)
            return int(declared.message_count)
    except connection.channel_errors:
        return 0


def read_sends(argument: Sequence[str]) -> list[UUID]:
    """Read the ids of a task. Raises :class:`ValueError` when one is none."""
    return _read(ids.SEND, argument)


def read_deliveries(argument: Sequence[str]) -> list[UUID]:
    """Read the ids of a task. Raises :class:`ValueError` when one is none."""
    return _read(ids.DELIVERY, argument)


def read_receipts(argument: Sequence[str]) -> list[UUID]:
    """Read the ids of a task. Raises :class:`ValueError` when one is none."""
    return _read(ids.INBOX, argument)


def read_webhooks(argument: Sequence[str]) -> list[UUID]:
    """Read the ids of a task. Raises :class:`ValueError` when one is none."""
    return _read(ids.WEBHOOK, argument)


def read_campaigns(argument: Sequence[str]) -> list[UUID]:
    """Read the ids of a task. Raises :class:`ValueError` when one is none."""
    return _read(ids.CAMPAIGN, argument)


def _read(prefix: str, argument: Sequence[str]) -> list[UUID]:
    found = [ids.decode(prefix, text) for text in argument]
    if None in found:
        raise ValueError("a task's argument holds what is no id of its kind")
    return [identifier for identifier in found if identifier is not None]


def _batches(identifiers: Sequence[UUID], size: int) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(identifiers), size):
        yield identifiers[start : start + size]

"""Tasks on RabbitMQ: the queues, and the way of a delayed task through what delays it."""

from collections.abc import Iterator
from typing import Any

import kombu
import pytest
from celery import Celery
from celery.utils.quorum_queues import detect_quorum_queues
from celery.worker import consumer
from hypothesis import given
from hypothesis import strategies as st

from shared import queues, rabbitmq, settings
from shared.queues import Queue
from worker.app import app
from worker.consumer import Consumer

_HORIZON = 60.0
_RABBITMQ = {"ANTAR_BROKER_URL": "amqp://antar:pw@127.0.0.1:1/antar", "ANTAR_SIGNAL_URL": "redis://127.0.0.1:1/0"}


@pytest.fixture
def on_rabbitmq(monkeypatch: pytest.MonkeyPatch) -> Iterator[Celery]:
    """An app of its own, configured as a process whose broker is RabbitMQ."""
    for name, value in _RABBITMQ.items():
        monkeypatch.setenv(name, value)
    settings.get.cache_clear()
    yield Celery(set_as_current=False, changes=queues.configuration())
    settings.get.cache_clear()


def _arguments(queue: kombu.Queue) -> dict[str, Any]:
    return queue.queue_arguments or {}


class _Declared:
    """RabbitMQ, as far as it routes: exchanges with their alternates, and queues that pass on what has waited in them."""

    def __init__(self) -> None:
        self._alternates: dict[str, str | None] = {}
        self._queues: list[kombu.Queue] = []
        for entity in rabbitmq._delays([queue.value for queue in Queue], rabbitmq._levels(_HORIZON)):
            self._declare(entity)

    def _declare(self, entity: Any) -> None:
        if isinstance(entity, kombu.Queue):
            self._queues.append(entity)
        exchange = entity.exchange if isinstance(entity, kombu.Queue) else entity
        alternate = (exchange.arguments or {}).get("alternate-exchange")
        assert exchange.type == "topic"
        assert alternate is None or alternate in self._alternates
        assert self._alternates.setdefault(exchange.name, alternate) == alternate

    def pass_through(self, exchange: str, routing_key: str) -> tuple[str, float]:
        """Give the queue in which a task ends up, and the seconds for which it was delayed."""
        waited = 0.0
        while True:
            queue = self._route(exchange, routing_key)
            arguments = _arguments(queue)
            if "x-message-ttl" not in arguments:
                return queue.name, waited
            waited += arguments["x-message-ttl"] / 1000
            exchange = arguments["x-dead-letter-exchange"]

    def _route(self, exchange: str, routing_key: str) -> kombu.Queue:
        words = routing_key.split(".")
        bound = [queue for queue in self._queues if queue.exchange.name == exchange and queue.routing_key.strip("#.") in words]
        if not bound:
            return self._route(self._alternates[exchange] or "", routing_key)
        (queue,) = bound
        return queue


@given(seconds=st.floats(min_value=0.001, max_value=_HORIZON), queue=st.sampled_from(list(Queue)))
def test_a_task_reaches_its_queue_at_its_time_and_never_before(seconds: float, queue: Queue) -> None:
    place = rabbitmq.later(queue.value, seconds)
    reached, waited = _Declared().pass_through(**place)
    assert reached == queue.value == rabbitmq.of(place["routing_key"])
    assert seconds <= waited < seconds + 0.126


def test_what_was_not_delayed_comes_from_its_queue_too() -> None:
    assert rabbitmq.of("send") == "send"


def test_what_waits_is_kept_and_queues_are_declared_in_one_way_only() -> None:
    declared = [entity for entity in rabbitmq._delays(["send"], rabbitmq._levels(_HORIZON)) if isinstance(entity, kombu.Queue)]
    assert [each.name for each in declared if "x-message-ttl" in _arguments(each)] == rabbitmq.delaying(_HORIZON)
    assert all(each.durable and _arguments(each)["x-queue-type"] == "quorum" for each in declared)
    again = next(each for each in declared if each.name == "send")
    assert again.queue_arguments == rabbitmq.queue("send").queue_arguments


def test_celery_is_told_of_rabbitmq_by_the_url(on_rabbitmq: Celery) -> None:
    assert detect_quorum_queues(on_rabbitmq, "amqp") == (True, Queue.SEND)
    options = on_rabbitmq.conf.broker_transport_options
    assert options["confirm_publish"]
    assert options["read_timeout"] + options["write_timeout"] <= settings.get().lease_seconds
    assert "visibility_timeout" not in options


def test_redis_has_none_of_that() -> None:
    assert detect_quorum_queues(queues.app, "amqp") == (False, "")
    assert "confirm_publish" not in queues.app.conf.broker_transport_options


def test_a_worker_has_all_of_celerys_steps_but_its_delays() -> None:
    assert app.conf.worker_consumer == f"{Consumer.__module__}:{Consumer.__name__}"
    left_out = set(consumer.Consumer.Blueprint.default_steps) - set(Consumer.Blueprint.default_steps)
    assert left_out == {"celery.worker.consumer.delayed_delivery:DelayedDelivery"}

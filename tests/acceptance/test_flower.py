"""What operators see in Flower: the tasks of a send as one chain."""

import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import kombu
import pytest

from deploy.local.stack import Stack
from shared.settings import is_rabbitmq
from tests.acceptance import queue as broker
from tests.acceptance.backend import Backend, await_true


def _tasks(stack: Stack) -> list[dict[str, Any]]:
    answer = httpx.get(f"{stack.flower_url}api/tasks", params={"taskname": "send.deliver", "limit": 50}, timeout=20)
    return list(answer.raise_for_status().json().values())


def _chain(stack: Stack, delivery: str) -> list[dict[str, Any]]:
    """Give the tasks of the send that a first task's arguments name, the root first."""
    tasks = _tasks(stack)
    root = next((task for task in tasks if delivery in task["args"]), None)
    if root is None:
        return []
    return [root, *(task for task in tasks if task["root_id"] == root["uuid"] and task["uuid"] != root["uuid"])]


def test_the_tiers_of_a_send_are_one_chain(stack: Stack, backend: Backend) -> None:
    body = backend.send({"whatsapp": 0, "telegram": 1, "email": 2})
    for channel in ("whatsapp", "telegram"):
        backend.fault(channel, "recipient", to=body["target"][channel])
    send = backend.look_up(backend.post(body).json()["id"])
    first = send["tiers"][0]["deliveries"][0]["id"]
    await_true(lambda: sum(task["state"] == "SUCCESS" for task in _chain(stack, first)) == 3)
    chain = sorted(_chain(stack, first), key=lambda task: task["received"])
    assert [task["parent_id"] for task in chain] == [None, chain[0]["uuid"], chain[1]["uuid"]]
    assert {task["worker"].partition("@")[0] for task in chain} == {"worker-send"}
    assert all(task["runtime"] > 0 for task in chain)


@contextmanager
def _heard(stack: Stack) -> Iterator[list[list[dict[str, Any]]]]:
    """Hear what the workers of sends publish of their tasks, message by message."""
    messages: list[list[dict[str, Any]]] = []
    ended = threading.Event()

    def hear(events: Any, message: kombu.Message) -> None:
        if message.delivery_info["routing_key"] == "task.multi" and events[0]["hostname"].startswith("worker-send"):
            messages.append(events)

    exchange = kombu.Exchange("celeryev", type="topic" if is_rabbitmq(stack.environment()["ANTAR_BROKER_URL"]) else "fanout")
    with broker.connection(stack) as connection:
        queue = kombu.Queue(f"heard-{uuid.uuid4()}", exchange, routing_key="#", auto_delete=True, durable=False)

        def listen() -> None:
            while not ended.is_set():
                with suppress(TimeoutError):
                    connection.drain_events(timeout=0.1)

        with kombu.Consumer(connection, [queue], callbacks=[hear], no_ack=True):
            listener = threading.Thread(target=listen)
            listener.start()
            try:
                yield messages
            finally:
                ended.set()
                listener.join()


@pytest.mark.steady
def test_events_of_many_tasks_travel_together_and_none_is_lost(stack: Stack, backend: Backend) -> None:
    with _heard(stack) as messages:
        for _ in range(40):
            backend.post(backend.send({"whatsapp": 0})).raise_for_status()

        def kinds() -> Counter[str]:
            return Counter(event["type"] for events in list(messages) for event in events)

        await_true(lambda: kinds()["task-succeeded"] >= 40)
    assert kinds()["task-received"] == kinds()["task-started"] == kinds()["task-succeeded"]
    assert len(messages) < 40

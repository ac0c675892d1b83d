"""What operators see in Flower: the tasks of a send as one chain."""

from typing import Any

import httpx

from deploy.local.stack import Stack
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

"""Cancelling and moving sends that wait for their time: exact to the last moment."""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.acceptance.backend import Backend, deliveries
from tests.acceptance.test_scheduled import HORIZON, lateness, schedule, soon


def wait(backend: Backend, moment: int, tiers: dict[str, int] | None = None, **timing: int) -> tuple[str, str]:
    """Post a send that waits for its time; give its path and recipient."""
    body = schedule(backend.send(tiers or {"waba": 0}), moment, **timing)
    return f"/v1/sends/{backend.post(body).json()['id']}", body["target"]["waba"]


def ended(backend: Backend, path: str) -> dict[str, Any]:
    return backend.ended(path.rsplit("/", 1)[1])


def around(moment: int, act: Callable[[], httpx.Response]) -> httpx.Response:
    """Do something within a tenth of a second of a moment."""
    time.sleep(max(0.0, moment + random.uniform(-0.1, 0.1) - time.time()))  # noqa: S311 - no secret.
    return act()


@pytest.mark.parametrize("seconds", [2, HORIZON + 10])
def test_a_cancelled_send_is_never_sent(backend: Backend, seconds: int) -> None:
    path, to = wait(backend, soon(seconds), {"waba": 0, "telegram": 0, "email": 1})
    answer, repeat = backend.delete(path), backend.delete(path)
    assert (answer.status_code, repeat.status_code) == (200, 200)
    send = answer.json()["data"]
    assert send == repeat.json()["data"] == backend.get(path).json()["data"]
    assert send["state"] == "cancelled"
    assert {(each["state"], each["code"]) for each in deliveries(send).values()} == {("cancelled", "cancelled")}
    (noted,) = (entry["text"] for entry in send["timeline"] if entry["kind"] == "cancelled")
    assert noted == f"cancelled: by api token {backend.token[:12]}"
    if seconds < HORIZON:
        time.sleep(seconds + 2)
        assert backend.received("waba", to) == []


def test_what_runs_or_has_ended_cannot_be_changed(backend: Backend) -> None:
    path = f"/v1/sends/{backend.post(backend.send({'waba': 0})).json()['id']}"
    refused = [backend.delete(path), backend.patch(path, {"schedule": soon(60)})]
    errors = [(answer.status_code, answer.json()["error"]["type"], answer.json()["error"]["code"]) for answer in refused]
    assert errors == [(409, "conflict", "send_not_cancellable"), (409, "conflict", "send_not_changeable")]


def test_another_accounts_send_can_be_neither_cancelled_nor_moved(backend: Backend, stranger: Backend) -> None:
    path, _ = wait(backend, soon(600))
    for nobody in (path, "/v1/sends/snd_00000000000000000000000000", "/v1/sends/nonsense"):
        assert [stranger.delete(nobody).status_code, stranger.patch(nobody, {"schedule": soon(60)}).status_code] == [404, 404]
    assert backend.delete(path).status_code == 200


def test_cancelling_around_the_due_time_is_exact(backend: Backend) -> None:
    moment = soon(4)
    waiting = [wait(backend, moment, {"waba": 0, "telegram": 0}) for _ in range(60)]
    with ThreadPoolExecutor(max_workers=20) as threads:
        answers = list(threads.map(lambda each: around(moment, lambda: backend.delete(each[0])), waiting))
    assert {answer.status_code for answer in answers} <= {200, 409}
    for (path, to), answer in zip(waiting, answers, strict=True):
        state = ended(backend, path)["state"]
        received = [len(backend.received(channel, to)) for channel in ("waba", "telegram")]
        assert (state, received) == (("cancelled", [0, 0]) if answer.status_code == 200 else ("sent", [1, 1]))


def test_moving_around_the_due_time_is_exact(backend: Backend) -> None:
    moment = soon(4)
    waiting = [wait(backend, moment) for _ in range(40)]
    with ThreadPoolExecutor(max_workers=20) as threads:
        move = {"schedule": moment + 3}
        answers = list(threads.map(lambda each: around(moment, lambda: backend.patch(each[0], move)), waiting))
    for (path, to), answer in zip(waiting, answers, strict=True):
        assert ended(backend, path)["state"] == "sent"
        assert 0 <= lateness(backend, "waba", to, moment + (3 if answer.status_code == 200 else 0)) < 3


@pytest.mark.parametrize(
    ("before", "after"), [(HORIZON + 20, 2), (3, 5), (5, 2), (4, HORIZON + 3)], ids=["sooner", "later", "near", "far"]
)
def test_a_moved_send_runs_at_its_new_time_only(backend: Backend, before: int, after: int) -> None:
    path, to = wait(backend, soon(before))
    moment = soon(after)
    answer = backend.patch(path, {"schedule": moment})
    assert answer.status_code == 200
    send = answer.json()["data"]
    assert datetime.fromisoformat(send["schedule_at"]).timestamp() == moment
    assert deliveries(send)["waba"]["state"] == ("waiting" if after > HORIZON else "queued")
    assert [entry["kind"] for entry in send["timeline"]].count("moved") == 1
    assert ended(backend, path)["state"] == "sent"
    assert 0 <= lateness(backend, "waba", to, moment) < 3


def test_new_variables_and_expiry(backend: Backend) -> None:
    moment = soon(3)
    body = schedule(backend.send({"waba": 0}, {"waba": {"message": {"type": "text", "message": "{{a}} {{b}}"}}}), moment)
    path = f"/v1/sends/{backend.post(body).json()['id']}"
    answer = backend.patch(path, {"variables": {"a": "new", "b": 2.5, "c": None}, "expires_at": moment + 60, "unknown": 1})
    assert answer.status_code == 200
    send = answer.json()["data"]
    assert datetime.fromisoformat(send["expires_at"]).timestamp() == moment + 60
    assert ended(backend, path)["state"] == "sent"
    assert [message["body"] for message in backend.received("waba", body["target"]["waba"])] == ["new 2.5"]
    (noted,) = (entry["text"] for entry in send["timeline"] if entry["kind"] == "moved")
    assert noted.startswith("moved: expires_at none -> ")
    assert "new variables, by api token" in noted


_NOW = int(time.time())


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"schedule": _NOW - 60}, "invalid_field_value", "schedule"),
        ({"schedule": _NOW + 400 * 86400}, "invalid_field_value", "schedule"),
        ({"schedule": "tomorrow"}, "invalid_field_value", "schedule"),
        ({"schedule": _NOW + 7200}, "invalid_field_value", "schedule"),
        ({"schedule": _NOW + 7200, "expires_at": _NOW + 7100}, "invalid_field_value", "expires_at"),
        ({"expires_at": _NOW + 60}, "invalid_field_value", "expires_at"),
        ({"variables": {"url": "ftp://cdn.example.com"}}, "invalid_field_value", "variables"),
        ({"variables": {"name": True}}, "invalid_field_value", "variables"),
        ({"variables": "name"}, "invalid_field_value", "variables"),
        ({}, "missing_required_field", None),
        ({"schedule": None}, "missing_required_field", None),
        ([], "invalid_field_value", None),
        ("{", "invalid_field_value", None),
    ],
)
def test_a_wrong_move_names_its_field_and_changes_nothing(backend: Backend, change: Any, code: str, param: str | None) -> None:
    image = {"type": "image", "message": "", "richContext": {"fileUrl": "{{url}}"}}
    body = schedule(backend.send({"waba": 0}, {"waba": {"message": image}}), soon(3600), expires_at=_NOW + 7000)
    path = f"/v1/sends/{backend.post(body).json()['id']}"
    before = backend.get(path).json()["data"]
    answer = backend.patch(path, change)
    assert (answer.status_code, answer.json()["error"]["code"], answer.json()["error"].get("param")) == (400, code, param)
    assert backend.get(path).json()["data"] == before


def test_a_move_that_is_no_json(backend: Backend) -> None:
    path, _ = wait(backend, soon(600))
    headers = {"Authorization": f"Bearer {backend.token}"}
    for content in (b"", b"{", b'{"schedule": NaN}', b'{"schedule": 1, "schedule": 2}'):
        answer = backend.http.patch(path, content=content, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")

"""What comes after a provider took a message: it is delivered or read in time, or not; or it fails after all."""

from typing import Any

import pytest

from tests.acceptance.backend import Backend, await_true, deliveries

Json = dict[str, Any]

silent = pytest.mark.usefixtures("_no_receipts_by_themselves")


def wanting(backend: Backend, until: str, within: int) -> Json:
    """Build a send by WABA that wants a receipt, and falls back to email."""
    return {**backend.send({"waba": 0, "email": 1}), "context": {"behaviour": {"until": until, "within": within}}}


def report(backend: Backend, body: Json, status: str, **more: Any) -> None:
    """Let Meta report of the message of a send."""
    (message,) = backend.received("waba", body["target"]["waba"])
    order = {"provider_message_id": message["provider_message_id"], "status": status, **more}
    assert backend.sandbox.post("/_sandbox/receipts", json=order).status_code == 202


def emails(backend: Backend, body: Json) -> int:
    return len(backend.received("email", body["target"]["email"]))


def states(backend: Backend, send_id: str) -> Json:
    found = backend.look_up(send_id)
    return {"send": found["state"], **{channel: each["state"] for channel, each in deliveries(found).items()}}


def texts(backend: Backend, send_id: str) -> list[str]:
    return [entry["text"] for entry in backend.look_up(send_id)["timeline"]]


def test_a_message_that_is_delivered_in_time_is_answered_as_such(backend: Backend) -> None:
    body = wanting(backend, "delivered", 60)
    answer = backend.post(body, Prefer="wait=30")
    assert (answer.status_code, list(answer.json()["channels"])) == (200, ["waba"])
    assert {"status", "processing_time"} == set(answer.json()["channels"]["waba"])
    found = backend.look_up(answer.json()["id"])
    assert found["until"] == {"level": "delivered", "within": 60}
    assert deliveries(found)["waba"]["confirm_by"] is None
    assert states(backend, found["id"]) == {"send": "sent", "waba": "sent", "email": "skipped"}
    assert emails(backend, body) == 0


@silent
def test_without_a_receipt_in_time_the_fallback_is_sent_once(backend: Backend) -> None:
    body = wanting(backend, "read", 2)
    answer = backend.post(body, Prefer="wait=30").json()
    waba, email = answer["channels"]["waba"], answer["channels"]["email"]
    assert (waba["status"], waba["reason"]) == (False, "not read within 2 s")
    assert (email["status"], email["fallback"], answer["status"]) == (True, True, True)
    assert deliveries(backend.look_up(answer["id"]))["waba"]["code"] == "unconfirmed"
    report(backend, body, "read")
    await_true(lambda: "waba confirmed: read" in texts(backend, answer["id"]))
    told = [text for text in texts(backend, answer["id"]) if text.startswith("waba") and "attempt" not in text]
    waited = ["waba sent", "waba waits 2 s to be read", "waba not confirmed in time: not read within 2 s"]
    assert told[:3] == waited
    assert states(backend, answer["id"]) == {"send": "sent", "waba": "sent", "email": "sent"}
    assert emails(backend, body) == 1


@silent
def test_while_it_is_waited_for_the_answer_is_open(backend: Backend) -> None:
    body = wanting(backend, "delivered", 60)
    answer = backend.post(body, Prefer="wait=2")
    assert (answer.status_code, answer.json()["queued"]) == (202, True)
    assert answer.json()["channels"]["waba"].items() >= {"status": True, "awaiting": "delivered"}.items()
    send_id = answer.json()["id"]
    assert deliveries(backend.look_up(send_id))["waba"]["confirm_by"] is not None
    assert "waba waits 60 s to be delivered" in texts(backend, send_id)
    report(backend, body, "failed", code=131026)
    assert backend.ended(send_id)["state"] == "sent"
    assert states(backend, send_id) == {"send": "sent", "waba": "failed", "email": "sent"}
    assert emails(backend, body) == 1


@silent
def test_what_only_waits_can_be_cancelled(backend: Backend) -> None:
    body = wanting(backend, "delivered", 60)
    send_id = backend.post(body, Prefer="wait=1").json()["id"]
    await_true(lambda: states(backend, send_id)["waba"] == "sent")
    cancelled = [backend.delete(f"/v1/sends/{send_id}") for _ in range(2)]
    assert [answer.status_code for answer in cancelled] == [200, 200]
    assert cancelled[0].json()["data"] == cancelled[1].json()["data"]
    assert states(backend, send_id) == {"send": "cancelled", "waba": "sent", "email": "cancelled"}
    report(backend, body, "failed", code=131026)
    await_true(lambda: states(backend, send_id)["waba"] == "failed")
    assert states(backend, send_id) == {"send": "cancelled", "waba": "failed", "email": "cancelled"}
    assert emails(backend, body) == 0


@silent
def test_a_message_that_fails_after_all_is_sent_by_the_next_channel(backend: Backend) -> None:
    body = backend.send({"waba": 0, "email": 1})
    answer = backend.post(body).json()
    assert list(answer["channels"]) == ["waba"]
    for _ in range(3):
        report(backend, body, "failed", code=131026)
    await_true(lambda: states(backend, answer["id"]) == {"send": "sent", "waba": "failed", "email": "sent"})
    assert emails(backend, body) == 1
    assert "waba turned out to have failed: the provider reported it as failed" in texts(backend, answer["id"])
    assert backend.delete(f"/v1/sends/{answer['id']}").status_code == 409


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ({"until": "delivered"}, "context.behaviour.within is required"),
        ({"within": 5}, "context.behaviour.until is required"),
        ({"until": "seen", "within": 5}, "context.behaviour.until must be one of sent, delivered, read"),
        ({"until": "read", "within": 0}, "context.behaviour.within must be at least 1"),
    ],
)
def test_what_is_wanted_must_make_sense(backend: Backend, behaviour: Json, reason: str) -> None:
    answer = backend.post({**backend.send({"waba": 0}), "context": {"behaviour": behaviour}})
    assert (answer.status_code, answer.json()["reason"]) == (400, reason)

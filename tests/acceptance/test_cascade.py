"""Tiers at work: side by side within a tier, one after the other between tiers, by what the providers saw."""

from datetime import datetime
from typing import Any

import pytest

from deploy.local.stack import Stack
from tests.acceptance import queue
from tests.acceptance.backend import Backend, await_true, deliveries


def _moment(message: dict[str, Any], name: str) -> datetime:
    return datetime.fromisoformat(message[name])


def test_channels_of_a_tier_overlap(backend: Backend) -> None:
    body = backend.send({"waba": 0, "telegram": 0})
    for channel in ("waba", "telegram"):
        backend.fault(channel, "slow", to=body["target"][channel], latency_ms=700)
    answer = backend.post(body).json()
    assert [answer["channels"][channel]["status"] for channel in ("waba", "telegram")] == [True, True]
    (first,) = backend.received("waba", body["target"]["waba"])
    (second,) = backend.received("telegram", body["target"]["telegram"])
    assert _moment(first, "started_at") < _moment(second, "received_at")
    assert _moment(second, "started_at") < _moment(first, "received_at")


def test_the_next_tier_starts_after_all_of_the_last_have_failed(backend: Backend) -> None:
    body = backend.send({"waba": 0, "telegram": 0, "email": 1})
    backend.fault("telegram", "recipient", to=body["target"]["telegram"])
    backend.fault("waba", "hang", to=body["target"]["waba"])
    answer = backend.post(body).json()
    assert answer["channels"]["email"]["status"] is True
    send = backend.look_up(answer["id"])
    ended = [delivery["ended_at"] for delivery in deliveries(send).values() if delivery["channel"] != "email"]
    assert deliveries(send)["email"]["queued_at"] >= max(ended)
    assert _moment(backend.received("email", body["target"]["email"])[0], "started_at") >= datetime.fromisoformat(max(ended))


def test_three_tiers_are_tried_in_order(backend: Backend) -> None:
    body = backend.send({"whatsapp": 0, "waba": 1, "telegram": 2})
    backend.fault("whatsapp", "recipient", to=body["target"]["whatsapp"])
    backend.fault("waba", "credentials", to=body["target"]["waba"])
    answer = backend.post(body).json()
    assert list(answer["channels"]) == ["whatsapp", "waba", "telegram"]
    send = backend.look_up(answer["id"])
    assert [tier["state"] for tier in send["tiers"]] == ["failed", "failed", "sent"]
    assert [deliveries(send)[channel]["code"] for channel in ("whatsapp", "waba")] == [
        "recipient_unreachable",
        "credentials_rejected",
    ]


def test_one_success_in_a_tier_is_enough(backend: Backend) -> None:
    body = backend.send({"whatsapp": 0, "waba": 0, "email": 1})
    backend.fault("whatsapp", "recipient", to=body["target"]["whatsapp"])
    answer = backend.post(body).json()
    assert {channel: result["status"] for channel, result in answer["channels"].items()} == {"whatsapp": False, "waba": True}
    assert deliveries(backend.look_up(answer["id"]))["email"]["state"] == "skipped"
    assert backend.received("email", body["target"]["email"]) == []


def test_an_outage_is_retried_within_the_channel(backend: Backend) -> None:
    body = backend.send({"waba": 0, "email": 1})
    backend.fault("waba", "outage", to=body["target"]["waba"], times=1)
    answer = backend.post(body).json()
    assert answer["channels"]["waba"]["status"] is True
    attempts = deliveries(backend.look_up(answer["id"]))["waba"]["attempts"]
    assert [attempt["outcome"] for attempt in attempts] == ["not_sent", "sent"]


def test_a_lasting_outage_falls_back(backend: Backend) -> None:
    body = backend.send({"waba": 0, "email": 1})
    backend.fault("waba", "outage", to=body["target"]["waba"])
    answer = backend.post(body).json()
    assert (answer["channels"]["waba"]["status"], answer["channels"]["email"]["status"]) == (False, True)
    assert len(deliveries(backend.look_up(answer["id"]))["waba"]["attempts"]) == 3


@pytest.mark.usefixtures("_no_receipts_by_themselves")
def test_an_answer_that_never_came_is_unknown_and_not_repeated(backend: Backend) -> None:
    body = backend.send({"waba": 0, "email": 1})
    backend.fault("waba", "drop_after", to=body["target"]["waba"])
    answer = backend.post(body).json()
    assert answer["channels"]["email"]["status"] is True
    waba = deliveries(backend.look_up(answer["id"]))["waba"]
    assert (waba["state"], waba["code"], len(waba["attempts"])) == ("unknown", "connection_lost", 1)
    assert len(backend.received("waba", body["target"]["waba"])) == 1


def test_unknown_and_nothing_left_to_try(backend: Backend) -> None:
    body = backend.send({"telegram": 0})
    backend.fault("telegram", "hang", to=body["target"]["telegram"])
    answer = backend.post(body).json()
    assert answer["status"] is False
    assert backend.look_up(answer["id"])["state"] == "unknown"


def test_a_flushed_broker_loses_nothing(stack: Stack, backend: Backend) -> None:
    stack.halt("worker-send")
    try:
        bodies = [backend.send({"waba": 0}) for _ in range(20)]
        identifiers = [backend.post(body, Prefer="respond-async").json()["id"] for body in bodies]
        with queue.broker(stack) as broker:
            broker.empty()
    finally:
        stack.resume("worker-send")
    assert [backend.ended(identifier, 60)["state"] for identifier in identifiers] == ["sent"] * 20
    assert all(len(backend.received("waba", body["target"]["waba"])) == 1 for body in bodies)


@pytest.mark.usefixtures("_no_receipts_by_themselves")
def test_a_worker_killed_in_the_call_leaves_an_unknown_outcome(stack: Stack, backend: Backend) -> None:
    body = backend.send({"waba": 0, "email": 1})
    backend.fault("waba", "slow", to=body["target"]["waba"], latency_ms=3000)
    identifier = backend.post(body, Prefer="respond-async").json()["id"]
    await_true(lambda: deliveries(backend.look_up(identifier))["waba"]["state"] == "claimed")
    stack.kill("worker-send")
    send = backend.ended(identifier, 60)
    assert (send["state"], deliveries(send)["waba"]["code"]) == ("sent", "worker_lost")
    assert len(backend.received("email", body["target"]["email"])) == 1

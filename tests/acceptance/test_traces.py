"""A trace from a request through its deliveries to their providers, and the lines that name it."""

import json
from typing import Any

import pytest

from deploy.local.stack import Stack
from shared import ids
from tests.acceptance.backend import Backend, await_true

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


def _lines(stack: Stack, process: str, event: str, request_id: str, number: int = 1) -> list[dict[str, Any]]:
    """Give what a process has logged of a request, waiting for so much of it."""
    found: list[dict[str, Any]] = []

    def look() -> bool:
        written = stack.home.log(process).read_text(errors="replace").splitlines()
        lines = [json.loads(line) for line in written if request_id in line and line.startswith("{")]
        found[:] = [line for line in lines if line["event"] == event]
        return len(found) >= number

    await_true(look)
    return found


@pytest.mark.parametrize("channel", ["whatsapp", "waba", "telegram"])
def test_a_call_belongs_to_the_trace_of_its_request(backend: Backend, channel: str) -> None:
    body = backend.send({channel: 0})
    answer = backend.post(body, traceparent=TRACEPARENT)
    assert answer.json()["status"] is True
    (message,) = backend.received(channel, body["target"][channel])
    assert (message["traceparent"], message["request_id"]) == (TRACEPARENT, answer.headers["X-Request-Id"])


@pytest.mark.usefixtures("_no_receipts_by_themselves")
def test_every_tier_and_every_attempt_belongs_to_it(backend: Backend) -> None:
    body = backend.send({"waba": 0, "whatsapp": 1})
    backend.fault("waba", "drop_after", to=body["target"]["waba"], times=1)
    backend.fault("whatsapp", "outage", to=body["target"]["whatsapp"], times=1)
    backend.post(body, traceparent=TRACEPARENT)
    (lost,) = backend.received("waba", body["target"]["waba"])
    (sent,) = backend.received("whatsapp", body["target"]["whatsapp"])
    assert lost["traceparent"] == sent["traceparent"] == TRACEPARENT


@pytest.mark.parametrize("header", ["", "00-0-0-0", TRACEPARENT.upper(), f"ff{TRACEPARENT[2:]}"])
def test_a_malformed_trace_is_no_error_and_none(backend: Backend, header: str) -> None:
    body = backend.send({"telegram": 0})
    assert backend.post(body, traceparent=header).json()["status"] is True
    (message,) = backend.received("telegram", body["target"]["telegram"])
    assert message["traceparent"] is None


def test_an_id_that_the_caller_gives_is_kept_in_our_own_form_only(backend: Backend) -> None:
    given = ids.encode(ids.REQUEST, ids.new())
    body = backend.send({"telegram": 0})
    assert backend.post(body, X_Request_Id=given).headers["X-Request-Id"] == given
    assert backend.received("telegram", body["target"]["telegram"])[0]["request_id"] == given
    for other in ("", "req_", given.lower(), f"{given}0", "alex@customer.example", ids.encode(ids.SEND, ids.new())):
        assert ids.decode(ids.REQUEST, backend.post({}, X_Request_Id=other).headers["X-Request-Id"])
        assert backend.post({}, X_Request_Id=other).headers["X-Request-Id"] != other


def test_the_lines_of_a_send_can_be_put_together(stack: Stack, backend: Backend) -> None:
    body = backend.send({"telegram": 0, "waba": 1})
    backend.fault("telegram", "recipient", to=body["target"]["telegram"])
    answer = backend.post(body, traceparent=TRACEPARENT)
    request_id = answer.headers["X-Request-Id"]
    (request,) = _lines(stack, "api", "http.request", request_id)
    assert {name: request[name] for name in ("method", "route", "status")} == {"method": "POST", "route": "/v1/send", "status": 200}
    first, second = _lines(stack, "worker-send", "deliver.outcome", request_id, 2)
    assert [line["code"] for line in (first, second)] == ["recipient_blocked", None]
    assert [(line["channel"], line["tier"], line["attempt"]) for line in (first, second)] == [("telegram", 0, 1), ("waba", 1, 1)]
    for line in (first, second):
        assert (line["send"], line["trace_id"], line["account"]) == (answer.json()["id"], TRACE, request["account"])
        assert 0 <= line["call_ms"] <= line["ms"] <= request["ms"]
        assert line["waited_ms"] >= 0
        assert line["task"]
    assert first["task"] != second["task"]


def test_a_request_is_told_of_by_its_route_and_never_by_its_path(stack: Stack, backend: Backend) -> None:
    answer = backend.get(f"/v1/sends/{ids.encode(ids.SEND, ids.new_send())}?secret=s3cret")
    (line,) = _lines(stack, "api", "http.request", answer.headers["X-Request-Id"])
    assert (line["route"].split("/")[:3], line["status"]) == (["", "v1", "sends"], 404)
    assert "s3cret" not in str(line)
    assert "snd_" not in str(line)
    answer = backend.http.get("/no/such/place")
    (line,) = _lines(stack, "api", "http.request", answer.headers["X-Request-Id"])
    assert (line["route"], line["status"], "account" in line) == ("", 404, False)


def test_probes_leave_no_line(stack: Stack, backend: Backend) -> None:
    probed = backend.http.get("/healthz").headers["X-Request-Id"]
    last = backend.http.get("/no/such/place").headers["X-Request-Id"]
    assert _lines(stack, "api", "http.request", last)
    assert probed not in stack.home.log("api").read_text()

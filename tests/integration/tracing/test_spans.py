"""Spans of two processes, exported over a real socket: one tree for each send."""

from opentelemetry.proto.trace.v1.trace_pb2 import Span

from shared import ids
from tests.integration.tracing.conftest import Traced

_TRACE, _PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def _said(span: Span) -> dict[str, str]:
    return {each.key: each.value.string_value for each in span.attributes}


def test_a_request_its_deliveries_and_their_calls_are_one_tree(traced: Traced) -> None:
    body = traced.backend.send({"telegram": 0, "waba": 1})
    traced.backend.fault("telegram", "recipient", to=body["target"]["telegram"])
    answer = traced.backend.post(body, traceparent=f"00-{_TRACE}-{_PARENT}-01", Prefer="wait=50")
    assert answer.json()["channels"]["waba"]["status"] is True, answer.text
    (message,) = traced.backend.received("waba", body["target"]["waba"])
    assert traced.receiver.got == []
    traced.end()

    (request,) = (span for span in traced.spans() if span.name == "kirisan.send")
    deliveries = {_said(span)["antar.channel"]: span for span in traced.spans() if span.name == "deliver"}
    calls = {_said(span)["antar.channel"]: span for span in traced.spans() if span.name == "call"}
    assert {span.trace_id.hex() for span in (request, *deliveries.values(), *calls.values())} == {_TRACE}
    assert request.parent_span_id.hex() == _PARENT
    assert {span.parent_span_id for span in deliveries.values()} == {request.span_id}
    assert {channel: span.parent_span_id for channel, span in calls.items()} == {
        channel: span.span_id for channel, span in deliveries.items()
    }
    assert message["traceparent"] == f"00-{_TRACE}-{calls['waba'].span_id.hex()}-01"
    assert [_said(deliveries[channel]).get("antar.code") for channel in ("telegram", "waba")] == ["recipient_blocked", None]
    assert {_said(span)["antar.send"] for span in deliveries.values()} == {answer.json()["id"]}
    assert _said(request)["antar.request_id"] == answer.headers["X-Request-Id"] == _said(deliveries["waba"])["antar.request_id"]
    assert ids.decode(ids.ACCOUNT, _said(request)["antar.account"])
    assert traced.services() == {"antar"}
    exported = b"".join(got.body for got in traced.receiver.got)
    hidden = (
        *body["target"]["variables"].values(),
        body["target"]["waba"],
        "Hello",
        traced.backend.token,
        *traced.backend.keys.values(),
    )
    assert [value for value in (*hidden, "sandbox-bot") if value.encode() in exported] == []

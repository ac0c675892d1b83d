"""Spans: none where nobody asked for them, else the right ones, and nothing waits for who takes them."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from textwrap import dedent
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind
from structlog.testing import capture_logs

from shared import settings, spans, tracing
from shared.domain import traces
from shared.domain.outcome import Action, Code, NotSent, Sent, Trace
from shared.tracing import Attributes, Kind, PassedOn
from tests.unit.factories import claim
from worker.deliver import spans as deliveries

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = f"{PARENT[:-1]}0"
REFUSED = NotSent(
    code=Code.RECIPIENT_BLOCKED,
    reason="Ann blocked +62811",
    action=Action.NEXT,
    detail={"to": "+628115550199"},
    trace=Trace(request="POST /secret", status=403),
)


class Kept(SpanExporter):
    """Keeps what is exported, and answers as it is told."""

    def __init__(self, answer: Callable[[], SpanExportResult] = lambda: SpanExportResult.SUCCESS) -> None:
        self.spans: list[ReadableSpan] = []
        self._answer = answer

    def export(self, batch: Sequence[ReadableSpan]) -> SpanExportResult:
        self.spans.extend(batch)
        return self._answer()

    def named(self, name: str) -> ReadableSpan:
        (found,) = [span for span in self.spans if span.name == name]
        return found


def nothing() -> Attributes:
    return {}


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Kept, spans.Recorder]]:
    """A process that records spans."""
    exporter = Kept()
    recorder = spans.Recorder(exporter)
    monkeypatch.setenv("ANTAR_TRACING", "true")
    settings.get.cache_clear()
    monkeypatch.setattr(tracing, "_recorder", lambda: recorder)
    yield exporter, recorder
    recorder.close(10)
    settings.get.cache_clear()


def _id(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"{span.context.span_id:016x}"


def test_nothing_is_imported_where_nobody_asks_for_spans() -> None:
    """But what redis-py imports by itself of OpenTelemetry's metrics, where that is installed."""
    code = dedent("""
        import sys, api.app, worker.app
        from shared import tracing
        tracing.start()
        span = tracing.begin("call", tracing.Kind.CLIENT, "parent", lambda: 1 / 0)
        span.end(lambda: 1 / 0, failed="code")
        assert span.traceparent == "parent"
        recording = ("opentelemetry.exporter", "opentelemetry.sdk.trace", "shared.spans")
        assert not [name for name in sys.modules if name.startswith(recording)]
    """)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603 - our own.
    assert (done.returncode, done.stderr) == (0, "")


def test_a_call_is_in_its_delivery_and_that_in_its_request(kept: tuple[Kept, spans.Recorder]) -> None:
    exporter, recorder = kept
    request = tracing.begin("request", Kind.SERVER, PARENT, nothing)
    given = claim(traceparent=request.traceparent, tier=1)
    delivery = deliveries.of_delivery(given, "task-1", 0.5)
    call = deliveries.of_call(given, delivery)
    headers = deliveries.headers(given, call)
    deliveries.end(call, REFUSED)
    deliveries.end(delivery, REFUSED)
    request.end(nothing)
    recorder.close(10)
    spanned = [exporter.named(name) for name in ("request", "deliver", "call")]
    parents = [f"{span.parent.span_id:016x}" for span in spanned if span.parent]
    assert parents == [PARENT.split("-")[2], _id(spanned[0]), _id(spanned[1])]
    assert {span.context.trace_id for span in spanned if span.context} == {int(traces.trace_id(PARENT), 16)}
    assert [span.kind for span in spanned] == [SpanKind.SERVER, SpanKind.CONSUMER, SpanKind.CLIENT]
    assert headers == {"X-Request-Id": given.request_id, "traceparent": f"00-{traces.trace_id(PARENT)}-{_id(spanned[2])}-01"}
    assert deliveries.trace_id(delivery) == traces.trace_id(PARENT)
    start, ended = spanned[1].start_time, spanned[1].end_time
    assert start is not None
    assert ended is not None
    assert ended - start >= 0.5e9


def test_a_span_says_ids_and_codes_only(kept: tuple[Kept, spans.Recorder]) -> None:
    exporter, recorder = kept
    given = claim(target="+62 811-5550-199", address="628115550199", content={"type": "text", "message": "s3cret"}, request_id=None)
    for outcome in (REFUSED, Sent(provider_message_id="42:1", detail={"to": "+628115550199"})):
        deliveries.end(deliveries.of_delivery(given, "task-1", 0.0), outcome)
    recorder.close(10)
    refused, sent = exporter.spans
    assert dict(refused.attributes or {}).keys() == {
        *(
            f"antar.{name}"
            for name in ("send", "delivery", "account", "task", "channel", "tier", "outcome", "code", "provider_status")
        )
    }
    assert (refused.attributes or {})["antar.code"] == "recipient_blocked"
    assert (refused.status.description, sent.status.is_ok) == ("recipient_blocked", True)
    planted = ("5550199", "5550-199", "s3cret", "Ann blocked")
    assert not [part for span in exporter.spans for part in planted if part in span.to_json()]


def test_what_is_not_sampled_is_passed_on_and_not_exported(kept: tuple[Kept, spans.Recorder]) -> None:
    exporter, recorder = kept
    span = tracing.begin("request", Kind.SERVER, UNSAMPLED, nothing)
    span.end(nothing, failed="500")
    recorder.close(10)
    assert span.traceparent is not None
    assert (traces.trace_id(span.traceparent), span.traceparent[-2:]) == (traces.trace_id(UNSAMPLED), "00")
    assert exporter.spans == []


@pytest.mark.parametrize("parent", [None, PARENT])
def test_without_spans_a_trace_is_passed_on(parent: str | None) -> None:
    given = claim(traceparent=parent, request_id=None)
    delivery = deliveries.of_delivery(given, "task-1", 0.0)
    call = deliveries.of_call(given, delivery)
    assert delivery == call == PassedOn(parent)
    assert deliveries.headers(given, call) == ({"traceparent": parent} if parent else {})
    assert deliveries.trace_id(delivery) == (traces.trace_id(parent) if parent else None)


def _raise() -> Any:
    raise RuntimeError("collector.example refused")


@pytest.mark.parametrize("answer", [lambda: SpanExportResult.FAILURE, _raise])
def test_a_receiver_that_is_away_is_told_of_once(answer: Callable[[], Any], caplog: pytest.LogCaptureFixture) -> None:
    quiet = spans.Quiet(Kept(answer))
    recorder = spans.Recorder(Kept(answer))
    with capture_logs() as lines:
        for _ in range(20):
            assert quiet.export([]) is SpanExportResult.FAILURE
        recorder.begin("call", Kind.CLIENT, None, {}, 0.0).end(nothing)
        recorder.close(10)
    assert [line["event"] for line in lines] == ["tracing.not_exported"] * 2
    assert caplog.records == []


def test_a_receiver_that_hangs_holds_up_neither_work_nor_end() -> None:
    hung = threading.Event()

    def hang() -> SpanExportResult:
        hung.wait(60)
        return SpanExportResult.SUCCESS

    recorder = spans.Recorder(Kept(hang))
    began = time.monotonic()
    for _ in range(5000):
        recorder.begin("call", Kind.CLIENT, None, {}, 0.0).end(nothing)
    recorder.close(0.2)
    assert time.monotonic() - began < 30
    hung.set()

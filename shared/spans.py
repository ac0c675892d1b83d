"""Recording and exporting spans with OpenTelemetry, by OTLP over HTTP; the standard ``OTEL_*`` variables say where and how.

They leave in batches, from a thread of their own and a queue of bounded length: a receiver that is away holds nothing up. It is
told of in one line a minute, where OpenTelemetry would write several for each batch.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    format_span_id,
    format_trace_id,
    set_span_in_context,
)

from shared.domain import traces
from shared.tracing import Attributes, Kind

_log: Final = structlog.get_logger("tracing")
_SILENCE: Final = 60.0
"""Seconds between two lines about spans that nobody took."""
_KINDS: Final = {Kind.SERVER: SpanKind.SERVER, Kind.CONSUMER: SpanKind.CONSUMER, Kind.CLIENT: SpanKind.CLIENT}


class Recorder:
    """The spans of this process."""

    def __init__(self, exporter: SpanExporter | None = None) -> None:
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        # What the variables say comes last, and so holds.
        resource = Resource({SERVICE_NAME: "antar"}).merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(Quiet(exporter or OTLPSpanExporter())))
        self._tracer = self._provider.get_tracer("antar")
        self._ending = threading.Event()
        # It waits from the start: a process that is ending can begin no thread any more.
        self._last = threading.Thread(target=self._end, name="last spans", daemon=True)
        self._last.start()

    def begin(self, name: str, kind: Kind, parent: str | None, attributes: Attributes, seconds_ago: float) -> "Recorded":
        """Begin a span."""
        span = self._tracer.start_span(
            name,
            context=_context(parent),
            kind=_KINDS[kind],
            attributes=_present(attributes),
            start_time=time.time_ns() - int(seconds_ago * 1e9),
        )
        return Recorded(span)

    def close(self, seconds: float) -> None:
        """Export what has ended, for so long at the most."""
        self._ending.set()
        self._last.join(seconds)

    def _end(self) -> None:
        self._ending.wait()
        self._provider.shutdown()


class Recorded:
    """A span that is exported when it has ended, if its trace is sampled."""

    def __init__(self, span: Span) -> None:
        self._span = span
        context = span.get_span_context()
        self.traceparent: str | None = traces.write(
            format_trace_id(context.trace_id), format_span_id(context.span_id), sampled=context.trace_flags.sampled
        )

    def end(self, attributes: Callable[[], Attributes], *, failed: str | None = None) -> None:
        """End it."""
        if self._span.is_recording():
            self._span.set_attributes(_present(attributes()))
            if failed is not None:
                self._span.set_status(StatusCode.ERROR, failed)
        self._span.end()


class Quiet(SpanExporter):
    """An exporter whose failures are counted, and told of once a minute."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._lost = 0
        self._told_at: float | None = None
        self._lock = threading.Lock()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Export a batch. Never raises."""
        try:
            result = self._exporter.export(spans)
        except Exception:  # noqa: BLE001 - whatever it is, these spans are lost, and nothing else.
            result = SpanExportResult.FAILURE
        if result is not SpanExportResult.SUCCESS:
            self._lose(len(spans))
        return result

    def shutdown(self) -> None:
        """Give up what is being exported."""
        self._exporter.shutdown()

    def _lose(self, count: int) -> None:
        with self._lock:
            self._lost += count
            now = time.monotonic()
            if self._told_at is None or now - self._told_at >= _SILENCE:
                _log.warning("tracing.not_exported", spans=self._lost)
                self._lost, self._told_at = 0, now


def _context(parent: str | None) -> Context:
    """Give the context of a parent elsewhere, or the one of no parent at all."""
    if parent is None:
        return Context()
    _, trace_id, parent_id, flags = parent.split("-")
    remote = SpanContext(int(trace_id, 16), int(parent_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))
    return set_span_in_context(NonRecordingSpan(remote), Context())


def _present(attributes: Attributes) -> dict[str, str | int]:
    return {name: value for name, value in attributes.items() if value is not None}

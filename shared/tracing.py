"""Spans, where ``ANTAR_TRACING`` asks for them; without it the trace that a request brings is passed on as it is.

Attributes are ids, channels, outcomes and codes: never an address, a body, a token or a URL. OpenTelemetry is imported only where
spans are asked for (:mod:`shared.spans`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from multiprocessing import util
from typing import TYPE_CHECKING, Final, Protocol

from shared import settings

if TYPE_CHECKING:
    from shared.spans import Recorder

FLUSH_SECONDS: Final = 3.0
"""Seconds that the last spans of a process have to leave it."""

Attributes = Mapping[str, str | int | None]
"""What a span says of what was done; what is ``None`` is left out."""


class Kind(Enum):
    """On which side of a call a span is."""

    SERVER = auto()
    CONSUMER = auto()
    CLIENT = auto()


class Span(Protocol):
    """Something that takes a while, in a trace."""

    @property
    def traceparent(self) -> str | None:
        """What names it as their parent to whatever it causes; ``None`` outside of any trace."""

    def end(self, attributes: Callable[[], Attributes], *, failed: str | None = None) -> None:
        """End it, once, with what came of it; ``failed`` is a code."""


@dataclass(frozen=True, slots=True)
class PassedOn:
    """No span of ours: what it causes has the parent that it has."""

    traceparent: str | None

    def end(self, attributes: Callable[[], Attributes], *, failed: str | None = None) -> None:
        """Do nothing."""


def begin(name: str, kind: Kind, parent: str | None, attributes: Callable[[], Attributes], *, seconds_ago: float = 0.0) -> Span:
    """Begin a span, which may have begun a while ago. What describes it is only called when there is one.

    ``parent`` is a ``traceparent`` as :func:`shared.domain.traces.read` gives it; without one a trace begins.
    """
    if not settings.get().tracing:
        return PassedOn(parent)
    return _recorder().begin(name, kind, parent, attributes(), seconds_ago)


def start() -> None:
    """Make this process ready to record spans, if it is to: that takes a while, which the first request would feel.

    At its end the last spans leave, for :data:`FLUSH_SECONDS` at the most, also where the process is a child of another.
    """
    if settings.get().tracing:
        util.Finalize(None, _recorder().close, args=(FLUSH_SECONDS,), exitpriority=0)


@lru_cache(maxsize=1)
def _recorder() -> "Recorder":
    from shared.spans import Recorder  # noqa: PLC0415 - OpenTelemetry costs nothing where it is not used.

    return Recorder()

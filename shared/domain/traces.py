"""W3C trace context: the ``traceparent`` that a request brings, and that its calls to providers carry on.

``00-<trace id>-<parent id>-<flags>``, in lower case hexadecimal (https://www.w3.org/TR/trace-context/#traceparent-header).
"""

import re
from typing import Final

HEADER: Final = "traceparent"

_FORM: Final = re.compile(
    r"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<parent>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?P<more>-.*)?", re.ASCII
)
_FORBIDDEN: Final = "ff"
_KNOWN: Final = "00"
_NO_TRACE: Final = "0" * 32
_NO_PARENT: Final = "0" * 16
_SAMPLED: Final = 1


def read(header: str | None) -> str | None:
    """Read a ``traceparent``; ``None`` for one that is malformed, which begins a new trace and is no error.

    One of a later version is read for what this version knows of it, and written as this version's.
    """
    form = _FORM.fullmatch(header) if header else None
    if form is None or form["trace"] == _NO_TRACE or form["parent"] == _NO_PARENT or form["version"] == _FORBIDDEN:
        return None
    if form["version"] != _KNOWN:
        return write(form["trace"], form["parent"], sampled=bool(int(form["flags"], 16) & _SAMPLED))
    return None if form["more"] else header


def write(trace_id: str, parent_id: str, *, sampled: bool) -> str:
    """Write a ``traceparent`` of ids in lower case hexadecimal."""
    return f"{_KNOWN}-{trace_id}-{parent_id}-{_SAMPLED if sampled else 0:02x}"


def trace_id(traceparent: str) -> str:
    """Give the trace's id of what :func:`read` gave."""
    return traceparent[3:35]

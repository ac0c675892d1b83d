"""What a provider said over HTTP, and what that means where it used no code of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from shared.domain.outcome import Action, Code, NotSent, Pause, PauseScope, Trace, Unknown
from worker.channels import documents

_LONGEST_WORDS: Final = 500
_LONGEST_PAUSE: Final = 86_400.0
_UNSAID_PAUSE: Final = 5.0
"""Seconds to wait after a throttling answer that names no time."""

_GAVE_UP_WAITING: Final = frozenset({504, 520, 524})
"""A proxy passed the request on and never saw an answer (504; 520 and 524 are Cloudflare's)."""

_STATUSES: Final[dict[int, NotSent]] = {
    401: NotSent(code=Code.CREDENTIALS_REJECTED, reason="the provider rejected the credentials", action=Action.KEY),
    403: NotSent(code=Code.CREDENTIALS_REJECTED, reason="the provider rejected the credentials", action=Action.KEY),
    404: NotSent(code=Code.CREDENTIALS_REJECTED, reason="no such provider API at the key's base_url", action=Action.KEY),
    405: NotSent(code=Code.CREDENTIALS_REJECTED, reason="no such provider API at the key's base_url", action=Action.KEY),
    408: NotSent(code=Code.PROVIDER_UNAVAILABLE, reason="the provider did not take the request in time", action=Action.RETRY),
    413: NotSent(code=Code.CONTENT_TOO_LARGE, reason="the provider finds the message too large", action=Action.PERMANENT),
    429: NotSent(code=Code.THROTTLED, reason="the provider asks to slow down", action=Action.RETRY),
    502: NotSent(code=Code.PROVIDER_UNAVAILABLE, reason="the provider is unavailable", action=Action.RETRY),
    503: NotSent(code=Code.PROVIDER_UNAVAILABLE, reason="the provider is unavailable", action=Action.RETRY),
}
_SUCCESS: Final = range(200, 300)
_REDIRECT: Final = range(300, 400)
_SERVER_ERROR: Final = 500
_THROTTLED: Final = 429


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A complete HTTP answer."""

    request: str
    """The redacted request line."""
    status: int
    headers: Mapping[str, str]
    """Names without regard to case."""
    body: bytes

    @property
    def accepted(self) -> bool:
        """Whether the status says that the request was."""
        return self.status in _SUCCESS

    def document(self) -> dict[str, Any]:
        """Read the body as a JSON object; empty when it is anything else."""
        try:
            return documents.document(self.body)
        except ValueError:
            return {}

    def trace(self, provider_code: str | None = None) -> Trace:
        """Give the record of the exchange."""
        return Trace(request=self.request, status=self.status, provider_code=provider_code)

    def retry_after(self) -> float | None:
        """Give the seconds that ``Retry-After`` asks for, as a number or a date (RFC 9110, 10.2.3); at most a day."""
        return seconds_asked(self.headers.get("retry-after", ""))


def seconds_asked(retry_after: str) -> float | None:
    """Read a ``Retry-After``; ``None`` when it is neither a number nor a date."""
    value = retry_after.strip()
    if value.isascii() and value.isdigit():
        return min(float(value), _LONGEST_PAUSE)
    seconds = _seconds_until(value)
    return None if seconds is None else min(max(seconds, 0.0), _LONGEST_PAUSE)


def _seconds_until(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - datetime.now(UTC)).total_seconds()


def words(value: Any, default: str = "") -> str:
    """Make what a provider said fit to be stored and shown: text of bounded length that Postgres can hold."""
    text = value if isinstance(value, str) else default
    return storable(text).strip()[:_LONGEST_WORDS]


def storable(text: str) -> str:
    """Leave out of a text what Postgres cannot hold: NUL, and halves of surrogate pairs."""
    text = text.replace("\0", "")
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def unreadable(answer: Answer) -> Unknown:
    """Say that the request was accepted in words we cannot read."""
    reason = "the provider accepted the request with an unreadable answer"
    return Unknown(code=Code.ANSWER_UNREADABLE, reason=reason, trace=answer.trace())


def outcome_of_status(answer: Answer, said: str = "", provider_code: str | None = None) -> NotSent | Unknown:
    """Judge an answer without a code of the provider's by its HTTP status; ``said`` is its explanation, if any."""
    if answer.accepted:
        return unreadable(answer)
    if answer.status in _GAVE_UP_WAITING:
        reason = "the provider did not answer the gateway before it in time"
        return Unknown(code=Code.ANSWER_TIMEOUT, reason=reason, trace=answer.trace(provider_code))
    verdict = _STATUSES.get(answer.status) or _class_of(answer.status)
    return NotSent(
        code=verdict.code,
        reason=f"{verdict.reason}: {said}" if said else verdict.reason,
        action=verdict.action,
        pause=pause(answer, PauseScope.KEY, _UNSAID_PAUSE) if answer.status == _THROTTLED else None,
        detail={"message": said} if said else {},
        trace=answer.trace(provider_code),
    )


def _class_of(status: int) -> NotSent:
    if status in _REDIRECT:
        return NotSent(code=Code.CREDENTIALS_REJECTED, reason="the key's base_url only redirects elsewhere", action=Action.KEY)
    action = Action.RETRY if status >= _SERVER_ERROR else Action.PERMANENT
    return NotSent(code=Code.PROVIDER_ERROR, reason=f"the provider answered HTTP {status}", action=action)


def pause(answer: Answer, scope: PauseScope, seconds: float) -> Pause:
    """Give the pause a throttling answer asks for, or ``seconds`` when it names none."""
    said = answer.retry_after()
    return Pause(scope=scope, seconds=seconds if said is None else said)

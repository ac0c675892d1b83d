"""Why a message failed, in the words of the Kirim contract (2.2): a stable code, a message, and the provider's own code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.outcome import Code

_WINDOW: Final = 131047
_WINDOW_CLOSED: Final = "Message failed to send because more than 24 hours have passed since the recipient last messaged you."
_BY_PROVIDER_CODE: Final[Mapping[int, str]] = {
    _WINDOW: "outside_24h_window",
    132000: "template_param_count_mismatch",
    132001: "template_param_format_mismatch",
    132012: "template_param_format_mismatch",
    132015: "template_paused",
    132016: "template_disabled",
    131026: "recipient_not_on_whatsapp",
    1006: "recipient_not_on_whatsapp",
    1013: "recipient_blocked",
}
UNKNOWN: Final = "outcome_unknown"
"""It may have been sent: nobody can say, so that a repeat may reach the recipient twice."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageError:
    """Why a message failed."""

    code: str
    """One of the contract's codes where one fits, else the delivery's reason code."""
    message: str
    provider_code: int | None


def of(code: str, reason: str | None, detail: Mapping[str, Any] | None, *, unknown: bool = False) -> MessageError:
    """Say why a delivery failed, by its reason code, reason and detail."""
    if unknown:
        return MessageError(code=UNKNOWN, message=reason or "nobody can say whether it was sent", provider_code=None)
    if code == Code.OUTSIDE_WINDOW:
        return MessageError(code=_BY_PROVIDER_CODE[_WINDOW], message=_WINDOW_CLOSED, provider_code=_WINDOW)
    provider_code = _number((detail or {}).get("code"))
    known = _BY_PROVIDER_CODE.get(provider_code) if provider_code is not None else None
    return MessageError(code=known or code, message=reason or code, provider_code=provider_code)


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None

"""The outcomes that every device gateway can lead to."""

from dataclasses import replace
from typing import Any, Final

from shared.domain.outcome import Action, Code, NotSent
from worker.channels.answers import Answer

DEVICE_DISCONNECTED: Final = NotSent(code=Code.DEVICE_DISCONNECTED, reason="Device disconnected", action=Action.KEY)


def device_disconnected(answer: Answer, detail: dict[str, Any], provider_code: str | None = None) -> NotSent:
    """Say that the device behind the gateway is not linked or not running; the words are the same for every gateway."""
    return replace(DEVICE_DISCONNECTED, detail=detail, trace=answer.trace(provider_code))


def refused(
    verdict: tuple[Code, Action], reason: str, answer: Answer, detail: dict[str, Any], provider_code: str | None = None
) -> NotSent:
    """Say that the gateway refused, and why."""
    if verdict[0] is Code.DEVICE_DISCONNECTED:
        return device_disconnected(answer, detail, provider_code)
    return NotSent(code=verdict[0], reason=reason, action=verdict[1], detail=detail, trace=answer.trace(provider_code))

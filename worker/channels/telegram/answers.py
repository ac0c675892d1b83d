"""What a Bot API server answered, before python-telegram-bot simplifies it.

The library turns refusals into exceptions that drop the HTTP status, fold 413, 421, 500 and 502 into one class and change the
case of the description. What a refusal allows next depends on just these, so they are read here.
"""

import json
from dataclasses import dataclass
from typing import Any

from telegram.error import TelegramError

from worker.channels.answers import words


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """A refusal, in Telegram's own words."""

    status: int
    """The ``error_code`` of the body, else the HTTP status."""
    description: str = ""
    retry_after: float | None = None
    """Seconds."""
    migrate_to_chat_id: int | None = None


class RefusalError(TelegramError):
    """Telegram refused the request; nothing was sent."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.description)
        self.refusal = refusal


class UnreadableError(TelegramError):
    """The status says that the request was accepted; the body does not say what came of it."""

    def __init__(self) -> None:
        super().__init__("unreadable answer")


def _object(payload: bytes) -> dict[str, Any]:
    """Read a JSON object; anything else is an empty one."""
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _refusal(status: int, body: dict[str, Any]) -> Refusal:
    parameters = body.get("parameters")
    parameters = parameters if isinstance(parameters, dict) else {}
    return Refusal(
        status=_number(body.get("error_code")) or status,
        description=words(body.get("description")),
        retry_after=_number(parameters.get("retry_after")),
        migrate_to_chat_id=_number(parameters.get("migrate_to_chat_id")),
    )


def read_refusal(status: int, payload: bytes) -> Refusal:
    """Read an answer outside 200-299. A proxy's answer need not be JSON: then only the status counts."""
    return _refusal(status, _object(payload))


def read_acceptance(payload: bytes) -> dict[str, Any]:
    """Reduce an answer of 200-299 to the two ids that matter, in the shape python-telegram-bot expects.

    Raises :class:`RefusalError` for ``{"ok": false}``, which a proxy may pass on as a success, and :class:`UnreadableError`.
    """
    body = _object(payload)
    if body.get("ok") is False:
        raise RefusalError(_refusal(400, body))
    try:
        ids = int(body["result"]["message_id"]), int(body["result"]["chat"]["id"])
    except (KeyError, TypeError, ValueError):
        raise UnreadableError from None
    return {"ok": True, "result": {"message_id": ids[0], "date": 0, "chat": {"id": ids[1], "type": "private"}}}

"""What a Bot API server answered.

python-telegram-bot turns refusals into exceptions that drop the HTTP status, fold 413, 421, 500 and 502 into one class and change
the case of the description. What a refusal allows next depends on just these, so they are read here.
"""

from dataclasses import dataclass
from typing import Any

from shared.domain.content import JsonObject
from worker.channels.answers import Answer, words
from worker.channels.documents import mapping

_BAD_REQUEST = 400


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """A refusal, in Telegram's own words."""

    status: int
    """The ``error_code`` of the body, else the HTTP status."""
    description: str = ""
    retry_after: float | None = None
    """Seconds."""
    migrate_to_chat_id: int | None = None


def refusal_in(answer: Answer, document: JsonObject) -> Refusal | None:
    """Give the refusal, if the answer is one. A proxy may pass on ``{"ok": false}`` as a success; its own need not be JSON."""
    if answer.accepted and document.get("ok") is not False:
        return None
    parameters = mapping(document.get("parameters"))
    return Refusal(
        status=_number(document.get("error_code")) or (_BAD_REQUEST if answer.accepted else answer.status),
        description=words(document.get("description")),
        retry_after=_number(parameters.get("retry_after")),
        migrate_to_chat_id=_number(parameters.get("migrate_to_chat_id")),
    )


def message_in(document: JsonObject) -> str | None:
    """Give the id of the message that was sent, within all chats; ``None`` when the answer does not say it."""
    result = mapping(document.get("result"))
    message, chat = _number(result.get("message_id")), _number(mapping(result.get("chat")).get("id"))
    return None if message is None or chat is None else f"{chat}:{message}"


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None

"""Whether a business phone number can send, as Meta's ``health_status`` of it says.

Meta sums up there what stands in the way of a message: at the number, its business account, its business or the app (Meta,
Messaging Health Status).
"""

from collections.abc import Iterator
from typing import Final

from shared.domain.content import JsonObject
from shared.domain.outcome import Action, Code, NotSent
from worker.channels import answers
from worker.channels.answers import Answer
from worker.channels.base import Finding
from worker.channels.documents import mapping, objects
from worker.channels.waba import errors

FIELDS: Final = "id,health_status"

_BLOCKED: Final = "BLOCKED"
_UNLISTED: Final = errors.Verdict(code=Code.SENDER_RESTRICTED, action=Action.KEY, reason="Meta blocks messages of this number")


def finding_of(answer: Answer, phone_number_id: str) -> Finding:
    """Read the answer to a question about the number. Limits alone do not keep it from sending."""
    document = answer.document()
    if not answer.accepted or "error" in document:
        return errors.refusal_of(answer, document)
    if document.get("id") != phone_number_id:
        return answers.unreadable(answer)
    health = mapping(document.get("health_status"))
    return _blocked(answer, health) if health.get("can_send_message") == _BLOCKED else None


def _blocked(answer: Answer, health: JsonObject) -> NotSent:
    """Say what Meta names first; a code that would not suspend a key says no more than that the number is blocked."""
    error = next(_errors(health), {})
    code = error.get("error_code")
    known = errors.verdict(code) if isinstance(code, int) else None
    verdict = known if known and known.action is Action.KEY else _UNLISTED
    said = answers.words(error.get("error_description"))
    return NotSent(
        code=verdict.code,
        reason=said or verdict.reason,
        action=verdict.action,
        detail={"code": code, "message": said} if said else {},
        trace=answer.trace(None if code is None else answers.words(str(code))),
    )


def _errors(health: JsonObject) -> Iterator[JsonObject]:
    for entity in objects(health.get("entities")):
        if entity.get("can_send_message") == _BLOCKED:
            yield from objects(entity.get("errors"))

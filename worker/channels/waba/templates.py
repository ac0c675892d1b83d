"""The templates of a WhatsApp Business account at Meta: listed page by page, and made (Graph API, ``message_templates``)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from shared.credentials.waba import WabaCredentials
from shared.domain.content import JsonObject, WabaTemplate
from shared.domain.outcome import Action, Code, NotSent, Unknown
from shared.domain.template_definitions import Listed
from worker.channels import answers, http
from worker.channels.answers import Answer
from worker.channels.base import Wires
from worker.channels.documents import mapping, nested, objects
from worker.channels.waba import errors

_FIELDS: Final = "id,name,language,status,category,parameter_format,components,quality_score,rejected_reason"
_PAGE: Final = 100
_MOST_PAGES: Final = 100
"""More than any account may have: 6000 templates (Meta, template limits)."""
_MOST_BYTES: Final = 16 * 1024 * 1024
"""Of all pages: a list is held in memory, and who names the server that gives it may be a customer."""

_NO_ACCOUNT: Final = NotSent(code=Code.CREDENTIALS_REJECTED, reason="the key's credentials name no waba_id", action=Action.KEY)


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    """All templates of an account."""

    listed: Sequence[Listed]
    ids: frozenset[str]
    """Meta's ids of all there are, also of those that cannot be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A template that Meta has made."""

    provider_id: str
    status: str
    """Meta's."""
    category: str | None


async def catalogue(credentials: WabaCredentials, wires: Wires) -> Catalogue | NotSent | Unknown:
    """List every template, or say why that failed: of a list that ended early nobody can say what is missing in it."""
    if credentials.waba_id is None:
        return _NO_ACCOUNT
    found: list[JsonObject] = []
    after: str | None = None
    size = 0
    for _ in range(_MOST_PAGES):
        page = await _page(credentials, after, wires)
        if not isinstance(page, Answer):
            return page
        document = page.document()
        if not page.accepted or not isinstance(document.get("data"), list):
            return errors.refusal_of(page, document)
        found.extend(objects(document["data"]))
        size += len(page.body)
        if size > _MOST_BYTES or len(found) > _PAGE * _MOST_PAGES:
            break
        after = _next(document, after)
        if after is None:
            return _read(found)
    return Unknown(code=Code.ANSWER_UNREADABLE, reason="Meta's list of templates does not end")


async def make(credentials: WabaCredentials, definition: JsonObject, wires: Wires) -> Made | NotSent | Unknown:
    """Have Meta make a template, which it then reviews. One that it has already is refused as such."""
    if credentials.waba_id is None:
        return _NO_ACCOUNT
    answer = await http.exchange(_request(credentials, "POST", json=definition), wires)
    if not isinstance(answer, Answer):
        return answer
    document = answer.document()
    if not answer.accepted or not isinstance(document.get("id"), str):
        return _refused(answer, document)
    category = answers.words(document.get("category")) or None
    return Made(provider_id=document["id"], status=str(document.get("status", "")), category=category)


def _refused(answer: Answer, document: JsonObject) -> NotSent | Unknown:
    """Say why, in the words that Meta has for the author where it has any."""
    refusal = errors.refusal_of(answer, document)
    said = answers.words(nested(document, "error", "error_user_msg"))
    if isinstance(refusal, Unknown) or not said:
        return refusal
    return NotSent(code=refusal.code, reason=said, action=refusal.action, pause=refusal.pause, detail=refusal.detail)


async def _page(credentials: WabaCredentials, after: str | None, wires: Wires) -> Answer | NotSent | Unknown:
    asked = {"fields": _FIELDS, "limit": str(_PAGE), **({"after": after} if after else {})}
    return await http.exchange(_request(credentials, "GET", params=asked), wires)


def _request(credentials: WabaCredentials, method: str, **said: Any) -> http.Request:
    return http.Request(
        method=method,
        url=f"{credentials.base_url}/{credentials.api_version}/{credentials.waba_id}/message_templates",
        line=f"{method} /{credentials.api_version}/*/message_templates",
        headers={"Authorization": f"Bearer {credentials.access_token.get_secret_value()}"},
        **said,
    )


def _next(document: JsonObject, before: str | None) -> str | None:
    """Give the cursor of the page that follows; one that leads nowhere else ends the list."""
    after = nested(document, "paging", "cursors", "after")
    follows = isinstance(nested(document, "paging", "next"), str) and isinstance(after, str) and after != before
    return after if follows else None


def _read(found: Sequence[JsonObject]) -> Catalogue:
    listed = (_listed(each) for each in found)
    identifiers = (answers.words(each.get("id")) for each in found)
    return Catalogue(listed=tuple(each for each in listed if each), ids=frozenset(filter(None, identifiers)))


def _listed(each: JsonObject) -> Listed | None:
    """Read a template; ``None`` for one that cannot be kept."""
    given = str(each.get("parameter_format") or "POSITIONAL").lower()
    try:
        definition = WabaTemplate.model_validate({**each, "parameter_format": given, "variables": ()})
    except ValidationError:
        return None
    provider_id = answers.words(each.get("id"))
    return (
        Listed(
            provider_id=provider_id,
            status=str(each.get("status", "")),
            rejected_reason=answers.words(each.get("rejected_reason")) or None,
            category=answers.words(each.get("category")) or None,
            quality=answers.words(mapping(each.get("quality_score")).get("score")) or None,
            definition=definition,
        )
        if provider_id
        else None
    )

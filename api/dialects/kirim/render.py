"""From messages, templates and accounts as they stand to their resources on the wire."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from api import limits
from api.auth import Caller
from api.limits import Kind
from shared import ids
from shared.domain.message_errors import MessageError
from shared.domain.messages import Message, Status
from shared.domain.times import rfc3339
from shared.management.accounts import Account
from shared.management.meta_templates import MetaTemplate
from shared.management.tokens import Token

JsonObject = dict[str, Any]

_TEMPLATE: Final = "tmpl"


def accepted(send_id: UUID, to: str, kind: str) -> JsonObject:
    """Give a message as it is answered once it is committed, the same for every repeat of its request."""
    return _head(send_id, to, kind, Status.PENDING)


def message(found: Message) -> JsonObject:
    """Give a message as it stands."""
    return {
        **_head(found.id, found.to, found.type, found.status),
        "from": None if found.sender is None else f"+{found.sender}",
        "provider_message_id": found.provider_message_id,
        **({"error": _error(found.error)} if found.error else {}),
    }


def _head(send_id: UUID, to: str, kind: str, status: Status) -> JsonObject:
    return {
        "id": ids.encode(ids.MESSAGE, send_id),
        "object": "message",
        "to": to,
        "type": kind,
        "status": status.value,
        "created_at": rfc3339(ids.made_at(send_id)),
    }


def _error(error: MessageError) -> JsonObject:
    return {"code": error.code, "message": error.message, "provider_code": error.provider_code}


def template(found: MetaTemplate) -> JsonObject:
    """Give a template in one language."""
    return {
        "id": ids.encode(_TEMPLATE, UUID(int=found.id)),
        "object": "template",
        "name": found.name,
        "language": found.language,
        "category": found.category,
        "status": found.status,
        "active": found.active,
        "components": found.components,
    }


def me(account: Account, token: Token, caller: Caller) -> JsonObject:
    """Give who is asking, and how often it may."""
    return {
        "organization": {"id": ids.encode(ids.ORGANISATION, account.id), "object": "organization", "name": account.name},
        "api_key": {"id": ids.encode(ids.KEY, token.id), "object": "api_key", "label": token.label, "last4": token.last4},
        "rate_limits": {"tier": _tier(caller.settings), **{kind.setting: limits.per_minute(caller, kind) for kind in _COUNTED}},
    }


_COUNTED: Final = (Kind.WRITE, Kind.READ)


def _tier(settings: Mapping[str, Any]) -> str:
    return "custom" if any(kind.setting in settings for kind in _COUNTED) else "default"

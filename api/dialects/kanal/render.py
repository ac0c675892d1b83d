"""From a send as it stands to the answer of the request that made it, and from what an account has to what is told of it."""

import json
from datetime import UTC, datetime
from typing import Any, Final

from api.dialects.kanal import errors
from api.dialects.kanal.errors import Refusal
from api.dialects.kanal.templates import Template
from api.numbers import Number
from shared import ids
from shared.domain import waba_templates
from shared.domain.content import JsonObject
from shared.domain.outcome import Code
from shared.domain.send import SendView
from shared.domain.states import FINAL_SENDS, SendState
from shared.domain.waba_templates import Part
from shared.management.accounts import Account
from shared.management.contacts import Addressed

MESSAGE_SENT: Final = "Message sent successfully"
TEMPLATE_SENT: Final = "Template message sent successfully"
ACCEPTED: Final = "Message accepted for delivery"

_FAILED: Final = frozenset({SendState.FAILED, SendState.CANCELLED, SendState.EXPIRED})
_OF_CONTACT: Final = {Code.RECIPIENT_OPTED_OUT: errors.OPTED_OUT, Code.OUTSIDE_WINDOW: errors.WINDOW_CLOSED}


def has_failed(view: SendView) -> bool:
    """Tell whether nothing was sent, for certain."""
    return view.state in _FAILED


def is_sent(view: SendView) -> bool:
    """Tell whether WhatsApp has accepted the message."""
    return view.state is SendState.SENT


def is_open(view: SendView) -> bool:
    """Tell whether the send has not ended."""
    return view.state not in FINAL_SENDS


def accepted(to: Addressed, message: str) -> JsonObject:
    """Give the body of an answer to a send that was accepted."""
    integers = {"message_id": to.number, "contact_id": to.contact_id}
    return {"success": True, "message": message, **integers, "phone_number": to.address}


def repeated(key: str) -> JsonObject:
    """Give the body of an answer to a repeat."""
    return {"message": f"Message already sent with this idempotency key: {key}"}


def refusal(view: SendView, to: Addressed) -> Refusal:
    """Say why a send has failed."""
    delivery = view.deliveries[0]
    about_contact = next((error for code, error in _OF_CONTACT.items() if code == delivery.code), None)
    if about_contact:
        return errors.of_contact(about_contact, to.contact_id, to.address)
    return errors.not_sent(delivery.reason or delivery.code or view.state)


def listed(template: Template, phone_number_id: int) -> JsonObject:
    """Describe a template that can be sent."""
    return {
        "id": template.id,
        "phone_number_id": phone_number_id,
        "name": template.name,
        "wa_status": "APPROVED",
        "structure": json.dumps(structure(waba_templates.parts(template.body)), ensure_ascii=False),
        "created_at": _moment(template.created_at),
        "updated_at": _moment(template.updated_at),
    }


def structure(parts: list[Part]) -> JsonObject:
    """Describe what a template consists of, and the variables of each part."""
    by_kind = {str(part.definition.get("type", "")).upper(): part for part in parts if "index" not in part.definition}
    header, body = by_kind.get("HEADER"), by_kind.get("BODY")
    return {
        "header": None if header is None else _described(header, "format", "text"),
        "body": None if body is None else _described(body, "text"),
        "buttons": [_described(part, "type", "text", "url") for part in parts if "index" in part.definition],
    }


def _described(part: Part, *fields: str) -> JsonObject:
    told: dict[str, Any] = {name: part.definition[name] for name in fields if name in part.definition}
    return {**told, "variables": [{"name": name} for name in part.variables]}


def team(account: Account, numbers: list[Number], *, subscribed: bool) -> JsonObject:
    """Describe the account behind an API key."""
    return {
        "id": ids.encode(ids.ACCOUNT, account.id),
        "name": account.name,
        "subscription": {"active": subscribed},
        "phone_numbers": [{"id": phone_number_id(each), "phone_number": each.sender} for each in numbers],
    }


def phone_number_id(number: Number | None) -> int:
    """Give Meta's id of a number; 0 where there is none that is known."""
    known = number.provider_id if number else None
    return int(known) if known and known.isdecimal() else 0


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

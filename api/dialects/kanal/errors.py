"""Why a request is turned away: the contract's own strings, and like ones where it has none."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final, get_args

from api.dialects.kanal.models import Kind

KEY_MISSING: Final = "API key is missing"
KEY_INVALID: Final = "Invalid API key"
NOT_SUBSCRIBED: Final = "Team has no active subscription"
TOO_MANY_REQUESTS: Final = "Too many requests. Please slow down."
UNAVAILABLE: Final = "Service temporarily unavailable"

TYPE_REQUIRED: Final = f"type is required and must be one of: {', '.join(get_args(Kind))}"
TEXT_REQUIRED: Final = "text.body is required for type text"
TO_REQUIRED: Final = "to is required"
PHONE_INVALID: Final = "Phone number is not valid"
OPTED_OUT: Final = "Contact has opted out from receiving messages"
WINDOW_CLOSED: Final = "Cannot send free-form message: no active conversation window. Use a template instead."
SENDING: Final = "Error sending message"
NO_NUMBER: Final = "no WhatsApp number is connected"
SEVERAL_NUMBERS: Final = "the API key belongs to several WhatsApp numbers: use one that is bound to a number"

TEMPLATE_REQUIRED: Final = "template_id is required"
PHONE_REQUIRED: Final = "phone_number is required"
TEMPLATE_UNKNOWN: Final = "Template not found"
TEMPLATE_UNAPPROVED: Final = "Template is not approved for sending"
TEMPLATE_INACTIVE: Final = "Template is inactive"

IN_PROGRESS: Final = "A request with this idempotency key is in progress"


class Refusal(Exception):
    """A request is refused; the answer is flat, and ``more`` stands beside its ``error``."""

    def __init__(self, error: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.status = status
        self.more = more


def link_required(kind: str) -> Refusal:
    """Refuse a file without a link."""
    return Refusal(f"{kind}.link is required for type {kind}")


def missing_variables(names: Iterable[str]) -> Refusal:
    """Refuse a template that would be sent with gaps."""
    return Refusal(f"missing variables: {', '.join(names)}")


def not_sent(details: str) -> Refusal:
    """Refuse a message that WhatsApp, or what stands before it, did not take."""
    return Refusal(SENDING, details=details)


def of_contact(error: str, contact_id: int, phone_number: str) -> Refusal:
    """Refuse a message that this recipient must not get."""
    return Refusal(error, contact_id=contact_id, phone_number=phone_number)

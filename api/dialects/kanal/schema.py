"""From the bytes of a request to what is to be sent, in the order of the contract's checks (contract, section 0, Kanal 1)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from api import explanations
from api.dialects.kanal import errors, models
from api.dialects.kanal.errors import Refusal
from shared.domain import content, targets
from shared.domain.channels import Channel
from shared.domain.content import CloudMessage, Text
from shared.domain.send import PlannedDelivery, SendPlan

DIALECT: Final = "kanal"

_NOT_A_DIGIT: Final = re.compile(r"[^0-9]")
_CAPTION: Final = TypeAdapter(Text)
_VARIABLES: Final = TypeAdapter(models.Variables)
_FRANCE: Final = "33"
_FRENCH_DIGITS: Final = 9
"""Of a French number without its country code and without the 0 before it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A valid free-form message."""

    address: str
    """The recipient's canonical number."""
    content: CloudMessage


@dataclass(frozen=True, kw_only=True, slots=True)
class TemplateMessage:
    """A valid wish to send a template; whether there is such a one is still to be seen."""

    address: str
    template_id: int
    variables: Mapping[str, str]
    name: str | None
    """What a new contact is called."""
    email: str | None


def message(body: bytes) -> Message:
    """Read a free-form message. Raises :class:`Refusal`."""
    written = models.Message.read(body)
    if written.type is None:
        raise Refusal(errors.TYPE_REQUIRED)
    value = _text(written) if written.type == "text" else _file(written.type, getattr(written, written.type))
    if written.to is None:
        raise Refusal(errors.TO_REQUIRED)
    return Message(address=_address(_digits(written.to)), content=CloudMessage(kind=written.type, cloud=value))


def _text(written: models.Message) -> content.JsonObject:
    if written.text is None or written.text.body is None:
        raise Refusal(errors.TEXT_REQUIRED)
    return {"body": written.text.body}


def _file(kind: str, file: models.File | None) -> content.JsonObject:
    if file is None or file.link is None:
        raise errors.link_required(kind)
    caption = file.caption if isinstance(file, models.CaptionedFile) else None
    return {"link": file.link, **_captioned(kind, caption)}


def _captioned(kind: str, caption: Any) -> content.JsonObject:
    if caption is None or caption == "":
        return {}
    try:
        return {"caption": _CAPTION.validate_python(caption, strict=True)}
    except ValidationError:
        raise Refusal(f"{kind}.caption must be a valid string") from None


def template(body: bytes) -> TemplateMessage:
    """Read a wish to send a template. Raises :class:`Refusal`."""
    written = models.Template.read(body)
    if written.template_id is None:
        raise Refusal(errors.TEMPLATE_REQUIRED)
    if written.phone_number is None:
        raise Refusal(errors.PHONE_REQUIRED)
    digits = _digits(written.phone_number)
    return TemplateMessage(
        address=_address(_french(digits) if written.country == "FR" else digits),
        template_id=written.template_id,
        variables=_variables(written.variables),
        name=written.name,
        email=written.email,
    )


def _digits(number: str) -> str:
    return _NOT_A_DIGIT.sub("", number)


def _address(digits: str) -> str:
    """Give a number its canonical form, if it is a possible one by the phone-number library (contract, Kanal 4)."""
    canonical = targets.phone(digits)
    if canonical is None:
        raise Refusal(errors.PHONE_INVALID)
    return canonical


def _french(digits: str) -> str:
    """Take the leading zeros off and put the country code before the number, unless it is there."""
    digits = digits.lstrip("0")
    has_country = digits.startswith(_FRANCE) and len(digits) > _FRENCH_DIGITS
    return digits if has_country else f"{_FRANCE}{digits}"


def _variables(given: Any) -> Mapping[str, str]:
    """Read the variables; PHP writes an empty object as an empty array."""
    if given is None or given == []:
        return {}
    try:
        return _VARIABLES.validate_python(given, strict=True)
    except ValidationError as error:
        raise Refusal(explanations.explain(error, "variables")) from None


def plan_of_message(key_id: UUID, wanted: Message) -> SendPlan:
    """Make the plan of a free-form message."""
    return SendPlan(dialect=DIALECT, deliveries=(_delivery(key_id, wanted.address, content=content.dump(wanted.content)),))


def plan_of_template(key_id: UUID, wanted: TemplateMessage) -> SendPlan:
    """Make the plan of a template."""
    delivery = _delivery(key_id, wanted.address, template_id=wanted.template_id)
    return SendPlan(dialect=DIALECT, deliveries=(delivery,), variables=wanted.variables)


def _delivery(key_id: UUID, address: str, **what: Any) -> PlannedDelivery:
    return PlannedDelivery(channel=Channel.WABA, tier=0, fallback=False, key_id=key_id, target=address, **what)

"""The canonical form of a recipient's address, per channel: what two spellings of one recipient have in common."""

import re
from collections.abc import Callable
from typing import Final

import email_validator
import phonenumbers

from shared.domain.channels import Channel

_LONGEST: Final = 320
_CHAT_ID: Final = re.compile(r"-?[1-9][0-9]{0,18}")
_CHAT_NAME: Final = re.compile(r"@[A-Za-z][A-Za-z0-9_]{3,31}")
_WHATSAPP_CHAT: Final = re.compile(r"[0-9-]{5,40}@(g\.us|lid|c\.us|s\.whatsapp\.net)")
_NOT_DIALLED: Final = re.compile(r"[\s().\-\u00a0]")


def normalise(channel: Channel, target: str) -> str | None:
    """Give an address its canonical form, or ``None`` when no message could ever reach it."""
    return None if len(target) > _LONGEST else _NORMALISERS[channel](target.strip())


def phone(target: str) -> str | None:
    """Reduce a phone number with its country code to digits; it must be a possible number."""
    digits = _NOT_DIALLED.sub("", target).removeprefix("+")
    if not digits.isascii() or not digits.isdigit():
        return None
    try:
        parsed = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return None
    return digits if phonenumbers.is_possible_number(parsed) else None


def _whatsapp(target: str) -> str | None:
    return target if _WHATSAPP_CHAT.fullmatch(target) else phone(target)


def _telegram(target: str) -> str | None:
    return target if _CHAT_ID.fullmatch(target) or _CHAT_NAME.fullmatch(target) else None


def _email(target: str) -> str | None:
    """Accept what SMTP can carry; whether the domain takes mail is for the relay to say."""
    try:
        checked = email_validator.validate_email(target, check_deliverability=False, test_environment=True)
    except email_validator.EmailNotValidError:
        return None
    return checked.normalized


_NORMALISERS: Final[dict[Channel, Callable[[str], str | None]]] = {
    Channel.WHATSAPP: _whatsapp,
    Channel.WABA: phone,
    Channel.TELEGRAM: _telegram,
    Channel.EMAIL: _email,
}

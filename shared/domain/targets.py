"""The canonical form of a recipient's address, per channel: what two spellings of one recipient have in common."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import email_validator
import phonenumbers

from shared.domain.channels import Channel

_LONGEST: Final = 320
_CHAT_ID: Final = re.compile(r"-?[1-9][0-9]*")
_CHAT_ID_BITS: Final = 52
"""The Bot API promises that identifiers have no more significant bits."""
_CHAT_NAME: Final = re.compile(r"@[A-Za-z][A-Za-z0-9_]{3,31}")
_WHATSAPP_CHAT: Final = re.compile(r"[0-9]+(-[0-9]+)?@g\.us|[0-9]+@lid")
_WHATSAPP_PERSON: Final = re.compile(r"@(c\.us|s\.whatsapp\.net)\Z")
_NOT_DIALLED: Final = re.compile(r"[ \t().\-\u00a0]")
_CODE_SIZES: Final = (1, 2, 3)
"""Digits of a country calling code; none is the beginning of another."""
_MEXICAN_MOBILE: Final = re.compile(r"521[0-9]{10}")
"""WhatsApp still writes Mexican mobiles with the 1 that the numbering plan gave up in 2019."""
_PRIVATE_DOMAIN: Final = re.compile(r"(?<=[@.])(local|localhost)\Z", re.IGNORECASE | re.ASCII)
"""Special-use names that a private mail server may serve all the same."""
_EVERYDAY: Final = re.compile(r"[a-z0-9]+(?:[._+-][a-z0-9]+)*")
"""Local parts that are valid and have one spelling only; upper case is not among them, as some are written in lower case."""
_SHORT_EMAIL: Final = 64
"""Characters of an address that is too short to break a limit, be it of its local part or of the whole."""
_HOST_OR_PUBLIC: Final = re.compile(r"[^.]+|.*[a-z]")
"""Only a name without a dot may end in a digit: with dots it would be a number's, and no top-level domain does."""


def normalise(channel: Channel, target: str) -> str | None:
    """Give an address its canonical form, or ``None`` when no message could ever reach it."""
    stripped = target.strip()
    return None if len(stripped) > _LONGEST else _NORMALISERS[channel](stripped)


def phone(target: str) -> str | None:
    """Reduce a phone number with its country code to the digits of E.164; it must be a possible number."""
    digits = _NOT_DIALLED.sub("", target).removeprefix("+")
    if _MEXICAN_MOBILE.fullmatch(digits) or _is_canonical(digits):
        return digits
    canonical = _e164(digits)
    is_settled = canonical is None or canonical == digits or _e164(canonical) == canonical
    return canonical if is_settled else None


def _is_canonical(digits: str) -> bool:
    """Tell what needs no parsing, as most numbers do: of a possible length, and nothing in it that the library would drop."""
    if not digits.isascii() or not digits.isdigit():
        return False
    size = next((size for size in _CODE_SIZES if int(digits[:size]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE), 0)
    if size == 0 or digits[0] == "0":
        return False
    lengths, dropped = _numbering(int(digits[:size]))
    return len(digits) - size in lengths and not dropped.match(digits, size)


@lru_cache(maxsize=1000)
def _numbering(calling_code: int) -> tuple[frozenset[int], re.Pattern[str]]:
    """Give how long the numbers of a calling code are, without it, and what may be dropped from their beginning."""
    region = phonenumbers.region_code_for_country_code(calling_code)
    metadata: Any = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(calling_code, region)
    lengths = frozenset(metadata.general_desc.possible_length) - frozenset(metadata.general_desc.possible_length_local_only)
    return lengths, re.compile(f"0|{metadata.national_prefix_for_parsing or '0'}")


def _e164(digits: str) -> str | None:
    """Write a number as the library does. It drops one trunk prefix; what has more of them is nobody's number."""
    if not digits.isascii() or not digits.isdigit():
        return None
    try:
        parsed = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return None
    possible = phonenumbers.is_possible_number(parsed)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164).removeprefix("+") if possible else None


def _whatsapp(target: str) -> str | None:
    """Take a group or a hidden number as it is; a person is the phone number, also where a gateway's ending follows it."""
    target = target.lower()
    return target if _WHATSAPP_CHAT.fullmatch(target) else phone(_WHATSAPP_PERSON.sub("", target))


def _telegram(target: str) -> str | None:
    """Take a chat's number, or the public name of a channel or group, whose case does not matter to Telegram."""
    if _CHAT_NAME.fullmatch(target):
        return target.lower()
    return target if _CHAT_ID.fullmatch(target) and int(target).bit_length() <= _CHAT_ID_BITS else None


def _email(target: str) -> str | None:
    """Accept what SMTP can carry, with the domain in lower-case A-labels; whether it takes mail is for the relay to say.

    Most addresses have a local part that stays as it is; then only the domain is to be checked, and it was, with another address.
    """
    local, _, domain = target.rpartition("@")
    if len(target) > _SHORT_EMAIL or not target.isascii() or not _EVERYDAY.fullmatch(local):
        return _checked_email(target)
    checked = _checked_domain(domain)
    return checked and f"{local}@{checked}"


@lru_cache(maxsize=10_000)
def _checked_domain(domain: str) -> str | None:
    checked = _checked_email(f"a@{domain}")
    return checked and checked.removeprefix("a@")


def _checked_email(target: str) -> str | None:
    """Check all of an address.

    The validator refuses private domains unless its global list is changed, so ``test`` stands in for them, which it can allow.
    """
    private = _PRIVATE_DOMAIN.search(target)
    try:
        checked = email_validator.validate_email(
            _PRIVATE_DOMAIN.sub("test", target), check_deliverability=False, test_environment=True, globally_deliverable=False
        )
    except email_validator.EmailNotValidError:
        return None
    domain = checked.ascii_domain.removesuffix("test") + private[0].lower() if private else checked.ascii_domain
    return f"{checked.local_part}@{domain}" if _HOST_OR_PUBLIC.fullmatch(domain) else None


_NORMALISERS: Final[dict[Channel, Callable[[str], str | None]]] = {
    Channel.WHATSAPP: _whatsapp,
    Channel.WABA: phone,
    Channel.TELEGRAM: _telegram,
    Channel.EMAIL: _email,
}

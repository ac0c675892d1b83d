"""Whom a device can write to: a phone number, or a chat by WhatsApp's own id."""

import re
from typing import Final

from worker.channels import phones

_CHAT: Final = re.compile(r"\d+(?:-\d+)?@g\.us|\d+@lid")
"""A group, or a person whose number WhatsApp hides."""

_PERSON: Final = re.compile(r"(\d+)@(?:c\.us|s\.whatsapp\.net)")
"""A person as the web clients and as the protocol write them."""


def normalise(target: str) -> str | None:
    """Give a group's or a hidden person's id as it is, and anyone else's as the digits of the number."""
    text = target.strip().lower()
    if _CHAT.fullmatch(text):
        return text
    if "@" not in text:
        return phones.normalise(text)
    person = _PERSON.fullmatch(text)
    return phones.normalise(person[1]) if person else None


def chat_id(target: str, domain: str) -> str:
    """Give the chat's id for a gateway that writes persons as ``<digits>@<domain>``."""
    return target if "@" in target else f"{target}@{domain}"

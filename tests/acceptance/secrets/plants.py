"""Unmistakable values, and what they look like wherever somebody may have written them."""

import base64
import re
import secrets
from typing import Final

RUN: Final = f"planted{secrets.token_hex(12)}"
"""In every value of this run but telephone numbers, which have digits only."""
_DIGITS: Final = f"628{secrets.randbelow(10**6):06}"
_CHANNELS: Final = ("whatsapp", "waba", "telegram", "inbound")
ADDRESSES: Final = {
    **{channel: f"{_DIGITS}{number:04}" for number, channel in enumerate(_CHANNELS)},
    "email": f"{RUN}address@customer.example",
}
ALL_WORDS: Final = re.compile(rb"%s([a-z]*)" % RUN.encode())


def word(kind: str) -> str:
    """Give the value of a kind, which is what it says of itself where it is found."""
    return f"{RUN}{kind}"


def found(data: bytes, others: dict[str, str]) -> set[str]:
    """Name what stands in some bytes, as it is, in hexadecimal or in base64; ``others`` are values that antar itself has made."""
    named = {match[1].decode() or "run" for match in ALL_WORDS.finditer(data)}
    named |= {f"address of {channel}" for channel, address in ADDRESSES.items() if address.encode() in data}
    named |= {name for name, value in others.items() if value.encode() in data}
    hidden = {"run": RUN, "digits": _DIGITS, **others}
    return named | {f"{name} encoded" for name, value in hidden.items() if any(form in data for form in _encoded(value.encode()))}


def _encoded(value: bytes) -> set[bytes]:
    """Give the hexadecimal form, and the part of base64 that is the same whatever stands around the value."""
    cores = {base64.b64encode(b"\0" * shift + value)[(shift * 8 + 5) // 6 : -4] for shift in range(3)}
    return {value.hex().encode(), *cores}

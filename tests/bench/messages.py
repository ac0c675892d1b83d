"""The sends that are posted, as bytes: each to a recipient of its own, since providers limit what one gets."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from tests.bench import http

_PATH: Final = "/v1/send"
_PHONE: Final = "%(phone)d"
_CHAT: Final = "%(chat)d"
_FIRST_PHONE: Final = 6_281_200_000_000
_FIRST_CHAT: Final = 100_000_000
"""From here on every number has as many digits as the others, so that every body is as long."""


class Shape(StrEnum):
    """What a send looks like."""

    SINGLE = "single"
    """One channel."""
    TIERS = "tiers"
    """Three tiers; the provider refuses the first two."""


REFUSED: Final[Mapping[Shape, tuple[str, ...]]] = {Shape.SINGLE: (), Shape.TIERS: ("whatsapp", "telegram")}
"""The channels that the provider stand-in refuses, by shape: both shapes end as sent by ``waba``."""
LAST: Final = "waba"


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """Who posts."""

    token: str
    keys: Mapping[str, str]
    """The token of each channel's key."""


def requests(account: Account, shape: Shape, numbers: Iterable[int], prefer: str) -> Iterator[bytes]:
    """Give a request for each number; ``prefer`` says whether and how long it waits, as the header of this name."""
    template = json.dumps(_BODIES[shape](account.keys)).encode()
    length = len(template % _recipient(0))
    headers = {"Authorization": f"Bearer {account.token}", "Prefer": prefer}
    head = http.head(_PATH, length, headers)
    return (head + template % _recipient(number) for number in numbers)


def _recipient(number: int) -> dict[bytes, int]:
    return {b"phone": _FIRST_PHONE + number, b"chat": _FIRST_CHAT + number}


def _single(keys: Mapping[str, str]) -> dict[str, Any]:
    return {
        "keys": {"waba": {"token": keys["waba"]}},
        "content": {"waba": {"message": {"type": "text", "message": "Hi {{name}}, your order is ready."}}},
        "target": {"waba": _PHONE, "variables": {"name": "Alex"}},
    }


def _tiers(keys: Mapping[str, str]) -> dict[str, Any]:
    text = {"message": {"type": "text", "message": "Your code is {{code}}."}}
    return {
        "keys": {
            "whatsapp": {"token": keys["whatsapp"]},
            "telegram": {"token": keys["telegram"], "fallback": True, "fallback_sequence": 1},
            "waba": {"token": keys["waba"], "fallback": True, "fallback_sequence": 2},
        },
        "content": {"whatsapp": text, "telegram": text, "waba": text},
        "target": {"whatsapp": _PHONE, "telegram": _CHAT, "waba": _PHONE, "variables": {"code": "4711"}},
    }


_BODIES: Final = {Shape.SINGLE: _single, Shape.TIERS: _tiers}

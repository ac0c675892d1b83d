"""What is sent: half over one channel, spread over all four, and half over three tiers, of which the first may be unreachable."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from deploy.local.demo import Document

CHANNELS: Final = ("whatsapp", "waba", "telegram", "email")
ORDER: Final = "A-"
"""How the order begins that every message names: each send has one of its own."""

_TIERS: Final = (
    ("whatsapp", "telegram", "email"),
    ("whatsapp", "waba", "telegram"),
    ("telegram", "whatsapp", "waba"),
    ("waba", "email", "whatsapp"),
    ("email", "waba", "telegram"),
)
_REACHED: Final = (0, 1, 1, 2, 2)
"""The tiers at which a three-tier send can reach its recipient, the likelier the oftener."""
_NOBODY: Final = 8
"""Unreachable recipients of each channel; sends share them, since nobody gets anything there."""
_FIRST_NUMBER: Final = 6281500000000
_FIRST_NOBODY: Final = 6281600000000
_WAITING: Final = 0.2
"""The share of requests that wait for their outcome."""
_WAIT_SECONDS: Final = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """One request that is to be accepted exactly once."""

    idempotency_key: str
    body: Mapping[str, Any]
    prefer: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """Sends due later: a share of all, each some seconds after its request."""

    share: float
    start: float
    """When the first request is posted, in seconds since the epoch."""
    per_second: float
    """Requests, one after the other."""
    soonest: int
    latest: int
    """Seconds from the request to the send."""


def unreachable(channel: str) -> list[str]:
    """Give the recipients whom a channel's provider is to refuse."""
    return [_address(channel, _FIRST_NOBODY + number) for number in range(_NOBODY)]


def plan(account: Document, count: int, rng: random.Random, schedule: Schedule | None = None) -> Iterator[Planned]:
    """Plan so many requests."""
    for number in range(count):
        target = _three_tiers(number, rng) if number % 2 else _one_channel(number)
        timing = _timing(number, schedule, rng)
        yield Planned(
            idempotency_key=f"{rng.getrandbits(64):016x}-{number}",
            body=_body(account, target, f"{ORDER}{number}") | timing,
            prefer=f"wait={_WAIT_SECONDS}" if rng.random() < _WAITING else "respond-async",
        )


def _one_channel(number: int) -> dict[str, str]:
    channel = CHANNELS[number // 2 % len(CHANNELS)]
    return {channel: _address(channel, _FIRST_NUMBER + number)}


def _three_tiers(number: int, rng: random.Random) -> dict[str, str]:
    """Give three channels in the order of their tiers, unreachable up to one of them."""
    reached = rng.choice(_REACHED)
    nobody = _FIRST_NOBODY + rng.randrange(_NOBODY)
    return {
        channel: _address(channel, nobody if tier < reached else _FIRST_NUMBER + number)
        for tier, channel in enumerate(rng.choice(_TIERS))
    }


def _address(channel: str, number: int) -> str:
    return f"person-{number}@customer.example" if channel == "email" else str(number)


def _timing(number: int, schedule: Schedule | None, rng: random.Random) -> dict[str, Any]:
    if schedule is None or rng.random() >= schedule.share:
        return {}
    posted = schedule.start + number / schedule.per_second
    return {"context": {"timing": {"schedule": int(posted) + rng.randint(schedule.soonest, schedule.latest)}}}


def _body(account: Document, target: Mapping[str, str], order: str) -> dict[str, Any]:
    return {
        "keys": {channel: _key(account["keys"][channel], tier) for tier, channel in enumerate(target)},
        "content": {channel: _content(account, channel) for channel in target},
        "target": {**target, "variables": {"name": "Alex", "order_id": order}},
    }


def _key(token: str, tier: int) -> dict[str, Any]:
    return {"token": token, **({"fallback": True, "fallback_sequence": tier} if tier else {})}


def _content(account: Document, channel: str) -> dict[str, Any]:
    if channel == "email":
        return {"template": account["templates"]["email"]}
    return {"message": {"type": "text", "message": "Hi {{name}}, your order {{order_id}} is ready."}}

"""How many recipients of which campaign become sends now.

Sends that are under way take room, of which a campaign has so much and all of them together so much. What there is goes in equal
parts to the accounts that want it, and an account's part to its campaigns: one with a million recipients waits beside one with ten.
An account whose sends do not end, since its channels are down perhaps, keeps no other from an equal part of the whole.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

_NEARLY: Final = 1e-9
"""A send's part that sums of seconds may lack by rounding."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hungry:
    """A campaign that has recipients left."""

    id: UUID
    account_id: UUID
    room: int
    """How many of them may become sends now for its own part."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """For how many more sends there is room."""

    together: int
    """For those of all accounts; 0 or less when there is none."""
    apart: Mapping[UUID, int]
    """For those of accounts that have less than an equal part of the whole under way, whoever holds the rest."""


def room(most: int, in_flight: Mapping[UUID, int]) -> Room:
    """Say how much room is left of that for so many sends, by how many each account that runs campaigns has under way."""
    part = most // max(1, len(in_flight))
    apart = {account_id: part - number for account_id, number in in_flight.items() if number < part}
    return Room(together=most - sum(in_flight.values()), apart=apart)


def share(left: Room, most: int, campaigns: Sequence[Hungry], turn: int) -> dict[UUID, int]:
    """Share out room: give how many recipients of each campaign may become sends; one that gets nothing is left out.

    Args:
        left: What there is.
        most: Recipients of all campaigns together, however much room there is.
        campaigns: In an order that stays.
        turn: Counted up with each call: what cannot be divided goes to others each time.
    """
    by_account: dict[UUID, list[Hungry]] = defaultdict(list)
    for campaign in campaigns:
        by_account[campaign.account_id].append(campaign)
    theirs = list(by_account.values())
    apart = [left.apart.get(account_id, 0) for account_id in by_account]
    wanted = [min(sum(each.room for each in own), max(left.together, part)) for own, part in zip(theirs, apart, strict=True)]
    parts = _split(min(most, max(left.together, sum(apart))), wanted, turn)
    shares: dict[UUID, int] = {}
    for own, part in zip(theirs, parts, strict=True):
        numbers = _split(part, [each.room for each in own], turn // len(theirs))
        shares |= {each.id: number for each, number in zip(own, numbers, strict=True) if number}
    return shares


def _split(amount: int, wanted: Sequence[int], turn: int) -> list[int]:
    """Split an amount so that nobody gets more than is wanted, and who gets less gets as much as anybody, or one less."""
    parts = [0] * len(wanted)
    while (left := amount - sum(parts)) > 0:
        asking = [index for index, want in enumerate(wanted) if want > parts[index]]
        if not asking:
            break
        first = turn % len(asking)
        for index in (asking[first:] + asking[:first])[:left]:
            parts[index] += min(max(1, left // len(asking)), wanted[index] - parts[index])
    return parts


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowance:
    """What a rate allows."""

    number: int
    """Sends that may be made now."""
    credit: float
    """What there is, the sends that may be made included: each that is made takes one away."""


def allow(rate_per_second: float, credit: float, elapsed: float, most_seconds: float) -> Allowance:
    """Say how many sends a rate allows now. A delay of N seconds between two is a rate of 1/N.

    Args:
        rate_per_second: Above 0.
        credit: What was left when it was last written.
        elapsed: Seconds since then.
        most_seconds: What was not used for longer is lost, but for one send: no burst makes up for a pause.
    """
    most = 1.0 + rate_per_second * most_seconds
    available = min(most, credit + rate_per_second * max(0.0, elapsed))
    return Allowance(number=math.floor(available + _NEARLY), credit=available)

"""A row of a campaign's file: the recipient it describes, or why it describes none."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Final
from zoneinfo import ZoneInfo

from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX

from shared.domain import targets, times
from shared.domain.campaigns import CampaignPlan, ColumnMapping
from shared.domain.channels import Channel

LONGEST_ROW: Final = 65_536
"""Characters of all cells of a row together."""
_KEPT: Final = 1000
"""Characters that are kept of a cell whose row is refused for its length."""
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
"""What neither JSON nor Postgres can store."""
_PHONES: Final = (Channel.WHATSAPP, Channel.WABA)
_SEASONS: Final = (datetime(2026, 1, 15), datetime(2026, 7, 15))  # noqa: DTZ001 - by the clock of whatever zone is asked.

Cells = Mapping[str, str]
"""The texts of a row by their columns."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipient:
    """What a good row says. What is by channel is by its name."""

    targets: Mapping[str, str]
    """As they were written; a channel whose cell is empty has none."""
    addresses: Mapping[str, str | None]
    """The targets in their canonical form; ``None`` where no message could reach it. At least one can be reached."""
    fingerprint: int
    """A hash of the addresses in 64 bits, signed: the same recipient has the same, whatever its spelling."""
    variables: Mapping[str, str]
    """The recipient's own; an empty cell says nothing, so that what the campaign says of all counts."""
    time_zone: str | None
    """An IANA time zone; ``None`` when nothing tells it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """What is wrong with a row, naming its columns and none of its values."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What the rows of a campaign must have."""

    targets: Sequence[tuple[Channel, str]]
    """The columns of the targets, in the order of the plan's channels."""
    variables: Sequence[tuple[str, str]]
    """The columns of the variables, by these."""
    needed: Mapping[str, Sequence[str]]
    """By channel, the variables that its content needs and that the campaign does not give for all."""
    time_zone: str | None
    """The column of time zones."""

    @property
    def columns(self) -> list[str]:
        """The columns that a file must have, each once."""
        zone = () if self.time_zone is None else (self.time_zone,)
        return list(dict.fromkeys((*dict(self.targets).values(), *dict(self.variables).values(), *zone)))


def rules(plan: CampaignPlan, mapping: ColumnMapping, placeholders: Mapping[Channel, Sequence[str]]) -> Rules:
    """Give the rules of a campaign whose contents have some placeholders."""
    channels = dict.fromkeys(each.channel for each in plan.channels)
    return Rules(
        targets=[(channel, mapping.targets[channel]) for channel in channels if channel in mapping.targets],
        variables=list(mapping.variables.items()),
        needed={channel.value: [name for name in names if name not in plan.variables] for channel, names in placeholders.items()},
        time_zone=mapping.time_zone,
    )


def read(cells: Cells, rule: Rules) -> Recipient | Refused:
    """Read a row. One with a valid target is a recipient, unless a content has nothing to fill its placeholders with."""
    if unfit := _unfit(cells):
        return Refused(unfit)
    written = {channel.value: target for channel, column in rule.targets if (target := cells.get(column, "").strip())}
    addresses = {name: targets.normalise(Channel(name), target) for name, target in written.items()}
    reached = [name for name, address in addresses.items() if address is not None]
    if not reached:
        return Refused(_without_target(written, rule))
    variables = {name: value for name, column in rule.variables if (value := cells.get(column, ""))}
    if lacking := _lacking(reached, variables, rule):
        return Refused(lacking)
    zone = "" if rule.time_zone is None else cells.get(rule.time_zone, "").strip()
    if zone and not times.is_zone(zone):
        return Refused(f"unknown time zone in column {rule.time_zone!r}: it must be an IANA time zone, such as Asia/Jakarta")
    return Recipient(
        targets=written,
        addresses=addresses,
        fingerprint=_fingerprint(addresses),
        variables=variables,
        time_zone=zone or _own_zone(addresses),
    )


def kept(cells: Cells) -> dict[str, str]:
    """Give the texts of a refused row as they can be stored and shown."""
    longest = _KEPT if sum(map(len, cells.values())) > LONGEST_ROW else LONGEST_ROW
    return {storable(name[:_KEPT]): storable(text[:longest]) for name, text in cells.items()}


def _unfit(cells: Cells) -> str | None:
    """Say what keeps a row from being stored, whatever it means."""
    together = "".join(cells.values())
    if len(together) > LONGEST_ROW:
        return f"the row is longer than {LONGEST_ROW} characters"
    if "\0" not in together and (together.isascii() or not _UNSTORABLE.search(together)):
        return None
    column = next(name for name, text in cells.items() if _UNSTORABLE.search(text))
    return f"column {storable(column)!r} has a character that is none: NUL, or half of a surrogate pair"


def storable(text: str) -> str:
    """Give a text with a mark in place of each character that cannot be stored."""
    return _UNSTORABLE.sub("\ufffd", text)


def _without_target(written: Mapping[str, str], rule: Rules) -> str:
    """Say of each column of a target what is wrong with it."""
    if not rule.targets:
        return "no column is mapped to a target of the campaign's channels"
    return ", ".join(
        f"invalid {channel.label} target in column {column!r}"
        if channel.value in written
        else f"no {channel.label} target: column {column!r} is empty"
        for channel, column in rule.targets
    )


def _lacking(reached: Sequence[str], variables: Mapping[str, str], rule: Rules) -> str | None:
    """Say which variable a channel needs that can be reached, and the row does not have."""
    for channel in reached:
        for name in rule.needed.get(channel, ()):
            if name not in variables:
                return _without_variable(name, Channel(channel), rule)
    return None


def _without_variable(name: str, channel: Channel, rule: Rules) -> str:
    column = dict(rule.variables).get(name)
    where = "no column is mapped to it" if column is None else f"column {column!r} is empty"
    return f"the {channel.label} message needs the variable {name!r}: {where}"


def _fingerprint(addresses: Mapping[str, str | None]) -> int:
    """Hash the addresses that can be reached, in an order of their own."""
    text = "\n".join(sorted(f"{name}:{address}" for name, address in addresses.items() if address is not None))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


def _own_zone(addresses: Mapping[str, str | None]) -> str | None:
    """Give the time zone of the first phone number that tells one."""
    numbers = (addresses.get(channel) for channel in _PHONES)
    return next((zone for number in numbers if number and number.isdigit() and (zone := _zone(number[:_PREFIX]))), None)


_PREFIX: Final = TIMEZONE_LONGEST_PREFIX
"""Digits of a phone number that may tell its time zone."""


@lru_cache(maxsize=100_000)
def _zone(prefix: str) -> str | None:
    """Give the time zone of the numbers that begin so; where they are spread over several, the first if all show the same time.

    ``None`` when these differ: the first may be half a day away, and the campaign's own is the better guess.
    """
    zones = next(_found(prefix), ())
    known = [zone for zone in zones if times.is_zone(zone)]
    return known[0] if len({_clock(zone) for zone in known}) == 1 else None


def _found(prefix: str) -> Iterator[tuple[str, ...]]:
    return (TIMEZONE_DATA[start] for size in range(len(prefix), 0, -1) if (start := prefix[:size]) in TIMEZONE_DATA)


@lru_cache(maxsize=1000)
def _clock(zone: str) -> tuple[object, ...]:
    """Give what a zone's clock is ahead of UTC by, in both halves of a year."""
    return tuple(moment.replace(tzinfo=ZoneInfo(zone)).utcoffset() for moment in _SEASONS)

"""What the owner of a campaign decides about it, and what that must be."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from shared.domain import times
from shared.domain.campaigns import CampaignPlan, ColumnMapping, dump_mapping, dump_plan
from shared.domain.recurrence import InvalidRule, Recurrence
from shared.management.errors import Invalid

LONGEST_NAME: Final = 200
"""Characters."""
LOWEST_RATE: Final = 1 / 86_400
"""Sends a second: one a day."""
HIGHEST_RATE: Final = 10_000.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Fields:
    """What is decided about a campaign, as it is asked for."""

    name: str
    plan: CampaignPlan
    mapping: ColumnMapping
    time_zone: str = "UTC"
    """The IANA time zone that it recurs by, and that stands in for a recipient's own where that is not known."""
    quiet_from: time | None = None
    """When its quiet hours begin by a recipient's clock; ``None`` with ``quiet_until``: it has none."""
    quiet_until: time | None = None
    rate_per_second: float | None = None
    """Sends a second at the most; ``None`` leaves it to the channels."""
    schedule_at: datetime | None = None
    """When it starts, or begins to recur, once it was told to; ``None`` is at once."""
    recurrence: str | None = None
    """A rule of RFC 5545, from ``schedule_at`` on."""


NAMES: Final = frozenset(each.name for each in fields(Fields))
_WHEN: Final = frozenset({"schedule_at", "recurrence", "time_zone"})


def changed(former: Fields, changes: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Give the columns that some changes write. Raises :class:`Invalid`, naming the field.

    A time that has come is no mistake where it stays as it is: only one that is given anew must be to come.
    """
    asked = replace(former, **changes)
    _check(asked)
    written = {name: _WRITTEN.get(name, _as_it_is)(getattr(asked, name)) for name in changes.keys() - _WHEN}
    return {**written, **_when(asked, now, anew="schedule_at" in changes)} if changes.keys() & _WHEN else written


def columns(asked: Fields, now: datetime) -> dict[str, Any]:
    """Give the columns of a new campaign. Raises :class:`Invalid`, naming the field."""
    return changed(asked, {name: getattr(asked, name) for name in NAMES}, now)


def _check(asked: Fields) -> None:
    if not 1 <= len(asked.name.strip()) <= LONGEST_NAME:
        raise Invalid("name", f"must have 1 to {LONGEST_NAME} characters")
    if not asked.mapping.targets.keys() & {each.channel for each in asked.plan.channels}:
        raise Invalid("columns.targets", "must name the column of a channel that is sent on")
    if not times.is_zone(asked.time_zone):
        raise Invalid("time_zone", "must be an IANA time zone, such as Asia/Jakarta")
    if asked.rate_per_second is not None and not LOWEST_RATE <= asked.rate_per_second <= HIGHEST_RATE:
        raise Invalid("rate_per_second", f"must be at least one send a day, and {HIGHEST_RATE:.0f} a second at the most")
    if (asked.quiet_from is None) != (asked.quiet_until is None) or (asked.quiet_from and asked.quiet_from == asked.quiet_until):
        raise Invalid("quiet_hours", "must have a beginning and another end")


def _when(asked: Fields, now: datetime, *, anew: bool) -> dict[str, Any]:
    if asked.recurrence is not None:
        return _recurring(asked, asked.recurrence, now)
    if anew and asked.schedule_at is not None and asked.schedule_at <= now:
        raise Invalid("schedule", "must be in the future")
    return {"time_zone": asked.time_zone, "schedule_at": asked.schedule_at, "recurrence": None}


def _recurring(asked: Fields, rule: str, now: datetime) -> dict[str, Any]:
    if asked.schedule_at is None:
        raise Invalid("schedule", "is required with recurrence: the rule begins then")
    try:
        recurrence = Recurrence.parse(rule, asked.schedule_at, asked.time_zone)
    except InvalidRule as error:
        raise Invalid("recurrence", str(error)) from error
    upcoming = recurrence.after(now, asked.time_zone)
    if not upcoming:
        raise Invalid("recurrence", "has no time left to recur at")
    return {"time_zone": asked.time_zone, "schedule_at": upcoming[0], "recurrence": recurrence.dump()}


def begins(schedule_at: datetime | None, recurrence: Recurrence | None, zone: str) -> datetime | None:
    """Give when a campaign begins as it was asked for: one that recurs has been moved on to its next time."""
    return schedule_at if recurrence is None else recurrence.start.replace(tzinfo=ZoneInfo(zone))


def _as_it_is(value: Any) -> Any:
    return value


_WRITTEN: Final[Mapping[str, Any]] = {"name": str.strip, "plan": dump_plan, "mapping": dump_mapping}

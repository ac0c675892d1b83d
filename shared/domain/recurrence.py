"""When a campaign recurs: a rule of RFC 5545, which begins at a time of the wall clock and goes by that clock.

An occurrence keeps its time of day when clocks change. One at a time that the clock skips is as much later as the clock is put
forward, and one at a time that it shows twice occurs the first time. A campaign recurs at most once an hour: a rule counts in days
or more, and names one minute at the most.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, takewhile
from typing import Final, Self
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

LONGEST: Final = 500
"""Characters of a rule."""

_FREQUENCIES: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_DAYS: Final = "MO|TU|WE|TH|FR|SA|SU"
_PREFIX: Final = "RRULE:"
_WALL: Final = "%Y%m%dT%H%M%S"


def _list_of(item: str) -> str:
    return f"(?:{item})(?:,(?:{item}))*"


_HOUR: Final = "[01]?[0-9]|2[0-3]"
_MINUTE: Final = "[0-5]?[0-9]"
_MONTH_DAY: Final = "-?(?:0?[1-9]|[12][0-9]|3[01])"
_PARTS: Final[Mapping[str, str]] = {
    "FREQ": "|".join(_FREQUENCIES),
    "INTERVAL": "[1-9][0-9]{0,2}",
    "COUNT": "[1-9][0-9]{0,3}",
    "UNTIL": "[12][0-9]{7}(?:T[0-9]{6}Z?)?",
    "BYMONTH": _list_of("0?[1-9]|1[0-2]"),
    "BYMONTHDAY": _list_of(_MONTH_DAY),
    "BYDAY": _list_of(f"(?:[+-]?[1-5])?(?:{_DAYS})"),
    "BYHOUR": _list_of(_HOUR),
    "BYMINUTE": _MINUTE,
    "BYSETPOS": _list_of(_MONTH_DAY),
    "WKST": _DAYS,
}
"""What a rule is made of, each part at most once."""
_LONGEST_MONTHS: Final = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
_MONTH: Final = 31
"""Days of the others."""


class InvalidRule(ValueError):
    """A rule is none, or none that a campaign can recur by; the message says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recurrence:
    """A rule, and the time on the wall clock at which it begins."""

    rule: str
    """As ``FREQ=WEEKLY;BYDAY=MO``, in capitals and without ``RRULE:``."""
    start: datetime
    """Naive: a time of the wall clock. The first occurrence is the first time from here on that the rule names."""

    @classmethod
    def parse(cls, rule: str, begins: datetime, zone: str) -> Self:
        """Read a rule that begins at an aware moment. Raises :class:`InvalidRule`, also of one that never occurs."""
        recurrence = cls(rule=_checked(rule), start=begins.astimezone(ZoneInfo(zone)).replace(tzinfo=None, microsecond=0))
        if next(recurrence.all(zone), None) is None:
            raise InvalidRule("never occurs")
        return recurrence

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what :meth:`dump` wrote."""
        start, rule = text.removeprefix("DTSTART:").split(f"\n{_PREFIX}")
        return cls(rule=rule, start=datetime.strptime(start, _WALL))  # noqa: DTZ007 - of the wall clock, whichever it is.

    def dump(self) -> str:
        """Give the lines it is stored as, which are those of RFC 5545."""
        return f"DTSTART:{self.start.strftime(_WALL)}\n{_PREFIX}{self.rule}"

    def all(self, zone: str) -> Iterator[datetime]:
        """Give its occurrences in a time zone, in UTC and in order, without end if it has none."""
        known = ZoneInfo(zone)
        previous = None
        for wall in rrulestr(_until_the_wall(self.rule, known), dtstart=self.start):
            moment = wall.replace(tzinfo=known).astimezone(UTC)
            if previous is None or moment > previous:
                yield moment
            previous = moment

    def after(self, moment: datetime, zone: str, most: int = 1) -> list[datetime]:
        """Give its next occurrences after an aware moment, as many as there are up to ``most``."""
        return list(islice((each for each in self.all(zone) if each > moment), most))

    def latest(self, moment: datetime, zone: str) -> datetime | None:
        """Give its last occurrence at or before an aware moment."""
        found = None
        for each in takewhile(lambda occurrence: occurrence <= moment, self.all(zone)):
            found = each
        return found


def _checked(rule: str) -> str:
    """Give a rule's canonical text."""
    text = rule.strip().upper().removeprefix(_PREFIX)
    if not text or len(text) > LONGEST:
        raise InvalidRule(f"must be a rule of RFC 5545 of at most {LONGEST} characters, such as FREQ=DAILY")
    parts = [_part(each) for each in text.split(";")]
    named = dict(parts)
    if len(named) != len(parts):
        raise InvalidRule("names a part twice")
    _check_together(named)
    return text


def _part(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or name not in _PARTS:
        raise InvalidRule(f"is made of {', '.join(_PARTS)}, each as NAME=value")
    if not re.fullmatch(_PARTS[name], value):
        raise InvalidRule(f"{name} must be one of {', '.join(_FREQUENCIES)}" if name == "FREQ" else f"{name} is not valid")
    return name, value


def _check_together(parts: Mapping[str, str]) -> None:
    """Refuse what RFC 5545 excludes, and what could be looked for until the end of time."""
    frequency = parts.get("FREQ")
    if frequency is None:
        raise InvalidRule("needs FREQ")
    if "COUNT" in parts and "UNTIL" in parts:
        raise InvalidRule("has COUNT or UNTIL, not both")
    if frequency in {"DAILY", "WEEKLY"}:
        _check_short(frequency, parts)
    if "UNTIL" in parts:
        _read_until(parts["UNTIL"])
    if "BYMONTHDAY" in parts and not _has_a_day(parts):
        raise InvalidRule("never occurs")


def _check_short(frequency: str, parts: Mapping[str, str]) -> None:
    if "BYSETPOS" in parts or re.search("[0-9]", parts.get("BYDAY", "")):
        raise InvalidRule("has BYSETPOS and numbers of days only with MONTHLY and YEARLY")
    if frequency == "WEEKLY" and "BYMONTHDAY" in parts:
        raise InvalidRule("has no BYMONTHDAY with WEEKLY")
    if frequency == "DAILY" and int(parts.get("INTERVAL", 1)) > 1 and parts.keys() & {"BYDAY", "BYMONTH", "BYMONTHDAY"}:
        raise InvalidRule("has no INTERVAL with DAILY and named days or months")


def _has_a_day(parts: Mapping[str, str]) -> bool:
    """Tell whether one of the months has one of the days."""
    months = [int(each) for each in parts["BYMONTH"].split(",")] if "BYMONTH" in parts else [1]
    longest = max(_LONGEST_MONTHS.get(month, _MONTH) for month in months)
    return any(abs(int(day)) <= longest for day in parts["BYMONTHDAY"].split(","))


def _until_the_wall(rule: str, zone: ZoneInfo) -> str:
    """Give a rule whose ``UNTIL`` is of the wall clock, as its beginning is."""
    return re.sub("UNTIL=([0-9TZ]+)", lambda found: f"UNTIL={_read_until(found[1], zone).strftime(_WALL)}", rule)


def _read_until(text: str, zone: ZoneInfo | None = None) -> datetime:
    """Read a moment in UTC, a time of the wall clock, or a day, which counts to its end."""
    day, _, clock = text.partition("T")
    try:
        wall = datetime.strptime(f"{day}T{clock.removesuffix('Z') or '235959'}", _WALL)  # noqa: DTZ007 - may be of the wall clock.
    except ValueError:
        raise InvalidRule("UNTIL is not valid") from None
    return wall.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) if clock.endswith("Z") else wall

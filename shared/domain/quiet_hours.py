"""Quiet hours: the part of a day in which a recipient is left alone, by the clock on the recipient's wall."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def ends_at(now: datetime, zone: str, start: time, end: time) -> datetime | None:
    """Give when the quiet hours end that ``now`` falls in, in UTC; ``None`` when it is not quiet.

    An end that the clock skips is as much later as the clock is put forward, and of one that it shows twice the next counts.

    Args:
        now: Aware.
        zone: The recipient's IANA time zone, which must be known.
        start: The first quiet moment of the wall clock.
        end: The first moment after them. Hours that end before they start go over midnight; those that start as they end are none.
    """
    known = ZoneInfo(zone)
    local = now.astimezone(known)
    if not _is_quiet(local.time(), start, end):
        return None
    return next(moment for moment in _ends(local.date(), end, known) if moment > now)


def _is_quiet(clock: time, start: time, end: time) -> bool:
    return start <= clock < end if start <= end else clock >= start or clock < end


def _ends(day: date, end: time, zone: ZoneInfo) -> Iterator[datetime]:
    """Give the ends on a day and the next, in the order of time."""
    for each in (day, day + timedelta(days=1)):
        first, second = (datetime.combine(each, end.replace(fold=fold), zone).astimezone(UTC) for fold in (0, 1))
        yield first
        if second > first:
            yield second

"""How many deliveries have ended, and how: counted when they end, never by looking through them.

What was counted and not yet added up is read together with what was, in one statement: the numbers are exact at any moment.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, Subquery, Table, func, literal_column, select, union_all

from shared.db.tables.statistics import NO_CAMPAIGN, delivery_changes, delivery_counts
from shared.domain.channels import Channel
from shared.domain.outcome import Code
from shared.domain.states import COUNTED, DeliveryState
from shared.management.errors import Invalid

MOST_ROWS: Final = 10_000
"""Rows of one answer at the most."""
MOST_DAYS: Final = 400
"""Days of one answer at the most."""
_USUALLY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_NOTHING: Final = frozenset({"", 0, UUID(NO_CAMPAIGN)})
"""What stands for nothing, where a key has no room for it."""


class Dimension(StrEnum):
    """What counts can be told apart by."""

    HOUR = "hour"
    DAY = "day"
    """In UTC."""
    ACCOUNT = "account"
    CHANNEL = "channel"
    KEY = "key"
    TEMPLATE = "template"
    CAMPAIGN = "campaign"
    STATE = "state"
    CODE = "code"


_COLUMNS: Final[Mapping[Dimension, str]] = {
    Dimension.HOUR: "hour",
    Dimension.ACCOUNT: "account_id",
    Dimension.CHANNEL: "channel",
    Dimension.KEY: "key_id",
    Dimension.TEMPLATE: "template_id",
    Dimension.CAMPAIGN: "campaign_id",
    Dimension.STATE: "state",
    Dimension.CODE: "code",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """Whole hours, of which the last is not among them."""

    since: datetime
    until: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """What the deliveries must have in common; ``None`` asks nothing."""

    account_id: UUID | None = None
    channel: Channel | None = None
    key_id: UUID | None = None
    template_id: int | None = None
    campaign_id: UUID | None = None
    state: DeliveryState | None = None
    """One of :data:`shared.domain.states.COUNTED`."""
    code: Code | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """So many deliveries that are alike."""

    group: Mapping[Dimension, Any]
    """What they are; ``None`` where they have no template, campaign or code."""
    number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """What was counted."""

    rows: Sequence[Row]
    totals: Mapping[DeliveryState, int]
    """Of each of :data:`shared.domain.states.COUNTED`."""


def period(since: datetime | None, until: datetime | None, now: datetime) -> Period:
    """Make a period of whole hours in which two moments lie: the last day, where nothing is said. Raises :class:`Invalid`."""
    end = _hour(until or now, up=True)
    begin = _hour(since, up=False) if since else end - _USUALLY
    if begin >= end:
        raise Invalid("from", "must be before until")
    if end - begin > timedelta(days=MOST_DAYS):
        raise Invalid("from", f"must be at most {MOST_DAYS} days before until")
    return Period(since=begin, until=end)


def _hour(moment: datetime, *, up: bool) -> datetime:
    try:
        hour = moment.replace(minute=0, second=0, microsecond=0)
        return hour + _HOUR if up and hour != moment else hour
    except OverflowError:
        raise Invalid("until", "lies too far ahead") from None


def count(connection: Connection, within: Period, filters: Filters, group_by: Sequence[Dimension]) -> Counts:
    """Count the deliveries that ended within a period, told apart by some dimensions and ordered by them.

    Raises :class:`Invalid` when that makes more than :data:`MOST_ROWS` rows.
    """
    most = MOST_ROWS * len(COUNTED)
    found = connection.execute(_statement(within, filters, group_by).limit(most + 1)).all()
    rows = _rows(found, group_by)
    if len(found) > most or len(rows) > MOST_ROWS:
        raise Invalid("group_by", f"makes more than {MOST_ROWS} rows: ask for less time, or tell less apart")
    return Counts(rows=rows, totals=_totals(found))


def _statement(within: Period, filters: Filters, group_by: Sequence[Dimension]) -> Select[Any]:
    """Tell states apart in any case, of which the totals are made."""
    counted = union_all(*(_part(table, within, filters) for table in (delivery_counts, delivery_changes))).subquery()
    columns = {dimension.value: _value(counted, dimension).label(dimension.value) for dimension in (*group_by, Dimension.STATE)}
    number = func.sum(counted.c.number)
    grouped = select(*columns.values(), number.label("number")).group_by(*columns.values()).having(number != 0)
    return grouped.order_by(*columns.values())


def _part(table: Table, within: Period, filters: Filters) -> Select[Any]:
    asked = {
        "account_id": filters.account_id,
        "channel": filters.channel,
        "key_id": filters.key_id,
        "template_id": filters.template_id,
        "campaign_id": filters.campaign_id,
        "state": filters.state,
        "code": filters.code,
    }
    same = [table.c[name] == value for name, value in asked.items() if value is not None]
    columns = (*(table.c[name] for name in _COLUMNS.values()), table.c.number)
    return select(*columns).where(table.c.hour >= within.since, table.c.hour < within.until, *same)


def _value(counted: Subquery, dimension: Dimension) -> ColumnElement[Any]:
    if dimension is Dimension.DAY:
        return func.date_trunc(literal_column("'day'"), counted.c.hour, literal_column("'UTC'"))
    column: ColumnElement[Any] = counted.c[_COLUMNS[dimension]]
    return column


def _rows(found: Sequence[Any], group_by: Sequence[Dimension]) -> list[Row]:
    numbers: dict[tuple[Any, ...], int] = defaultdict(int)
    for row in found:
        numbers[tuple(row._mapping[dimension.value] for dimension in group_by)] += int(row.number)
    return [Row(group=_group(group_by, values), number=number) for values, number in numbers.items()]


def _group(group_by: Sequence[Dimension], values: Sequence[Any]) -> dict[Dimension, Any]:
    return {each: None if value in _NOTHING else value for each, value in zip(group_by, values, strict=True)}


def _totals(found: Sequence[Any]) -> dict[DeliveryState, int]:
    totals = dict.fromkeys(COUNTED, 0)
    for row in found:
        totals[DeliveryState(row.state)] += int(row.number)
    return totals

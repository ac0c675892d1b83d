"""Campaigns as they stand: made, read, listed, changed and deleted."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, time
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from shared import ids
from shared.db import clock
from shared.db.tables import campaign_recipients
from shared.db.tables import campaigns as table
from shared.db.tables.statistics import send_changes, send_counts
from shared.domain.campaigns import CampaignPlan, CampaignState, ColumnMapping, RecipientState, read_mapping, read_plan
from shared.domain.recurrence import Recurrence
from shared.management.campaigns import fields as asked
from shared.management.campaigns import occurrences, progress
from shared.management.campaigns.fields import Fields
from shared.management.errors import NotFound, TooLate

SHORTEST_SEARCH: Final = 3
"""Characters of a name by which campaigns are found."""

EDITABLE: Final = frozenset({CampaignState.DRAFT, CampaignState.FAILED, CampaignState.SCHEDULED, CampaignState.PAUSED})
"""The states in which a campaign may be changed (contract, Kirisan 1.8); one whose file could not be read is still a draft."""
_QUIET: Final = ("quiet_from", "quiet_until", "time_zone")
"""What says when it is quiet."""
DELETABLE: Final = frozenset({CampaignState.DRAFT, CampaignState.COMPLETED, CampaignState.CANCELLED, CampaignState.FAILED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Campaign:
    """A campaign as it stands."""

    id: UUID
    account_id: UUID
    name: str
    state: CampaignState
    state_reason: str | None
    plan: CampaignPlan
    mapping: ColumnMapping
    source: str | None
    """Where the file is kept that its recipients are read from."""
    source_name: str | None
    source_format: str | None
    time_zone: str
    quiet_from: time | None
    quiet_until: time | None
    rate_per_second: float | None
    schedule_at: datetime | None
    """When it starts, or recurs next."""
    recurrence: Recurrence | None
    parent_id: UUID | None
    """The campaign that it is an occurrence of, or whose failures it sends again."""
    occurs_at: datetime | None
    """The time of the parent's that it stands for."""
    rows: int
    refused: int
    duplicates: int
    position: int
    """The last row that was passed."""
    fed: int
    """How many rows have become sends."""
    fed_at: datetime | None
    credit: float
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    paused_at: datetime | None
    ended_at: datetime | None
    paused_seconds: float
    """Of the pauses that are over."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """What campaigns of a list must have in common; ``None`` asks nothing."""

    state: CampaignState | None = None
    name: str | None = None
    """A part of the name, in any case; of :data:`SHORTEST_SEARCH` characters at least."""
    created_after: datetime | None = None
    created_before: datetime | None = None


_COLUMNS: Final = tuple(table.c[each.name] for each in fields(Campaign))
_ANY: Final = Filters()
_AT_ONCE: Final = 50_000


def create(connection: Connection, account_id: UUID, new: Fields) -> Campaign:
    """Create a campaign as a draft. Raises :class:`Invalid`, naming the field."""
    values = {"id": ids.new(), "account_id": account_id, **asked.columns(new, clock.read(connection))}
    return _read(connection.execute(insert(table).values(values).returning(*_COLUMNS)).one())


def load(connection: Connection, account_id: UUID | None, campaign_id: UUID) -> Campaign:
    """Read a campaign, of an account if one is given. Raises :class:`NotFound`."""
    return _one(connection, _of(account_id).where(table.c.id == campaign_id))


def lock(connection: Connection, account_id: UUID | None, campaign_id: UUID) -> Campaign:
    """Read a campaign that nobody else changes until this transaction ends. Raises :class:`NotFound`."""
    return _one(connection, _of(account_id).where(table.c.id == campaign_id).with_for_update(key_share=True))


def page(
    connection: Connection, account_id: UUID | None, limit: int, before_id: UUID | None = None, filters: Filters = _ANY
) -> list[Campaign]:
    """List campaigns, the newest first, those with ids below ``before_id`` where one is given."""
    statement = _of(account_id).order_by(table.c.id.desc()).limit(limit)
    if before_id is not None:
        statement = statement.where(table.c.id < before_id)
    return [_read(row) for row in connection.execute(_filtered(statement, filters))]


def _filtered(statement: Select[Any], filters: Filters) -> Select[Any]:
    if filters.state is not None:
        statement = statement.where(table.c.state == filters.state.value)
    if filters.name is not None:
        statement = statement.where(table.c.name.icontains(filters.name, autoescape=True))
    if filters.created_after is not None:
        statement = statement.where(table.c.created_at >= filters.created_after)
    return statement if filters.created_before is None else statement.where(table.c.created_at < filters.created_before)


def change(connection: Connection, campaign: Campaign, changes: Mapping[str, Any]) -> Campaign:
    """Change a locked campaign.

    Args:
        connection: In the transaction that holds the lock.
        campaign: As it stands.
        changes: By the names of :class:`Fields`; what is absent stays as it is. Another mapping counts for the next file, another
            plan for the rows that are still to become sends. By other quiet hours those who wait for the end of the former are
            judged again.

    Raises:
        TooLate: It is in none of :data:`EDITABLE`.
        Invalid: A field is wrong.
    """
    if campaign.state not in EDITABLE:
        raise TooLate(f"a campaign that is {campaign.state} cannot be changed: it must be {', '.join(sorted(EDITABLE))}")
    values = asked.changed(_asked(campaign), changes, clock.read(connection))
    if campaign.state is CampaignState.SCHEDULED and values.get("schedule_at", campaign.schedule_at) is None:
        raise TooLate("a campaign that is scheduled has a time: give it another, or cancel it")
    if any(values.get(name, getattr(campaign, name)) != getattr(campaign, name) for name in _QUIET):
        while _wake_some(connection, campaign.id):
            pass
    statement = update(table).where(table.c.id == campaign.id).values(**values, updated_at=func.now())
    return _read(connection.execute(statement.returning(*_COLUMNS)).one())


def _wake_some(connection: Connection, campaign_id: UUID) -> int:
    """Have some of those who wait for the end of quiet hours looked at in the next turn; give how many, 0 when none are left."""
    recipients = campaign_recipients.c
    own = recipients.campaign_id == campaign_id
    waiting = (recipients.state == RecipientState.DEFERRED.value, recipients.due_at > func.now())
    some = select(recipients.position).where(own, *waiting).limit(_AT_ONCE)
    statement = update(campaign_recipients).where(own, recipients.position.in_(some)).values(due_at=func.now())
    return connection.execute(statement).rowcount


def remove(connection: Connection, campaign: Campaign) -> None:
    """Delete a locked campaign with its recipients; its sends stay. Raises :class:`TooLate` while something may still leave."""
    require_removable(connection, campaign)
    connection.execute(update(table).where(table.c.parent_id == campaign.id).values(parent_id=None, occurs_at=None))
    while remove_some(connection, campaign.id):
        pass
    for counts in (send_changes, send_counts):
        connection.execute(delete(counts).where(counts.c.campaign_id == campaign.id))
    connection.execute(delete(table).where(table.c.id == campaign.id))


def require_removable(connection: Connection, campaign: Campaign) -> None:
    """Raise :class:`TooLate` unless a locked campaign can be deleted."""
    if campaign.state not in DELETABLE:
        raise TooLate(f"a campaign that is {campaign.state} cannot be deleted: it must be {', '.join(sorted(DELETABLE))}")
    if _is_needed(connection, campaign):
        raise TooLate("the campaign has sends that have not ended, or is being copied: try again later")


def _asked(campaign: Campaign) -> Fields:
    """Give a campaign as it was asked for."""
    same = {name: getattr(campaign, name) for name in asked.NAMES - {"schedule_at", "recurrence"}}
    recurrence = campaign.recurrence
    begins = asked.begins(campaign.schedule_at, recurrence, campaign.time_zone)
    return Fields(**same, schedule_at=begins, recurrence=recurrence.rule if recurrence else None)


def _is_needed(connection: Connection, campaign: Campaign) -> bool:
    """Tell whether a campaign has sends in flight, or an occurrence that still takes its recipients from it."""
    in_flight = progress.progress(connection, [campaign.id])[campaign.id].in_flight
    return in_flight > 0 or occurrences.is_copied(connection, campaign.id)


def remove_some(connection: Connection, campaign_id: UUID) -> int:
    """Delete so many of a campaign's recipients that the statement is answered in time; give how many, 0 when none are left."""
    recipients = campaign_recipients.c
    some = select(recipients.position).where(recipients.campaign_id == campaign_id).limit(_AT_ONCE)
    statement = delete(campaign_recipients).where(recipients.campaign_id == campaign_id, recipients.position.in_(some))
    return connection.execute(statement).rowcount


def _of(account_id: UUID | None) -> Select[Any]:
    statement = select(*_COLUMNS)
    return statement if account_id is None else statement.where(table.c.account_id == account_id)


def _one(connection: Connection, statement: Select[Any]) -> Campaign:
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise NotFound("there is no such campaign")
    return _read(row)


def _read(row: Row[Any]) -> Campaign:
    values = dict(row._mapping)
    read = {
        "state": CampaignState(row.state),
        "plan": read_plan(row.plan),
        "mapping": read_mapping(row.mapping),
        "recurrence": row.recurrence and Recurrence.read(row.recurrence),
    }
    return Campaign(**{**values, **read})

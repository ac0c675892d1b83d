"""Sending again to those whom a campaign did not reach: a draft of its own with these recipients, and the same plan."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, Uuid, insert, literal, select, update

from shared import ids
from shared.db.statements import recipients
from shared.db.tables import campaigns as table
from shared.domain.campaigns import ENDED
from shared.domain.states import SendState
from shared.management.campaigns import positions, records
from shared.management.campaigns.fields import LONGEST_NAME
from shared.management.campaigns.records import Campaign
from shared.management.errors import Invalid, TooLate

_RANGE: Final = 20_000
"""Recipients looked at by one statement."""
_ENDING: Final = " (again)"
_SAME: Final = ("account_id", "plan", "mapping", "time_zone", "quiet_from", "quiet_until", "rate_per_second")
"""What the new campaign has in common with the old."""

RESENDABLE: Final = frozenset({SendState.FAILED, SendState.UNKNOWN, SendState.EXPIRED, SendState.CANCELLED})
"""How sends can have ended that may be asked for again. Of those that are unknown, some would get the message twice."""
FAILURES: Final = frozenset({SendState.FAILED})


def of_failures(
    connection: Connection, campaign: Campaign, name: str | None = None, states: Collection[SendState] = FAILURES
) -> Campaign:
    """Make a draft with the recipients of a locked campaign whose sends have ended in some states, as they stand now.

    Raises:
        TooLate: The campaign has not ended: further recipients could still fail.
        Invalid: There is no such recipient, or a state is not among :data:`RESENDABLE`; the field is named.
    """
    if campaign.state not in ENDED:
        raise TooLate(f"a campaign that is {campaign.state} cannot be sent again: it must be {', '.join(sorted(ENDED))}")
    if not RESENDABLE.issuperset(states):
        raise Invalid("states", f"must be some of {', '.join(sorted(RESENDABLE))}")
    child_id = _create(connection, campaign, name)
    copied = _copy(connection, campaign, child_id, states)
    if not copied:
        raise Invalid("states", f"name no recipient: no send has ended as {' or '.join(sorted(states))}")
    connection.execute(update(table).where(table.c.id == child_id).values(rows=copied))
    return records.load(connection, campaign.account_id, child_id)


def _create(connection: Connection, campaign: Campaign, name: str | None) -> UUID:
    child_id = ids.new()
    values = {
        "id": literal(child_id, Uuid),
        "name": literal(_name(campaign, name)),
        "parent_id": table.c.id,
        **{column: table.c[column] for column in _SAME},
    }
    source = select(*values.values()).where(table.c.id == campaign.id)
    connection.execute(insert(table).from_select(list(values), source))
    return child_id


def _name(campaign: Campaign, name: str | None) -> str:
    """Name the new campaign, as long as a name may be."""
    chosen = f"{campaign.name[: LONGEST_NAME - len(_ENDING)]}{_ENDING}" if name is None else name.strip()
    if not 1 <= len(chosen) <= LONGEST_NAME:
        raise Invalid("name", f"must have 1 to {LONGEST_NAME} characters")
    return chosen


def _copy(connection: Connection, campaign: Campaign, child_id: UUID, states: Collection[SendState]) -> int:
    """Copy the recipients, numbered from 1, and count them."""
    copied = 0
    fixed = {"campaign_id": campaign.id, "child_id": child_id, "states": [state.value for state in states]}
    for bounds in positions.ranges(connection, campaign.id, _RANGE):
        copied += connection.execute(recipients.copy_ended, {**fixed, **bounds, "copied": copied}).rowcount
    return copied

"""How far campaigns have got: what has become of their recipients, from one look at the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from shared.db.statements import progress as statements
from shared.domain.campaigns import CampaignState
from shared.domain.states import FINAL_SENDS


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far a campaign has got. What counts recipients adds up to them."""

    recipients: int
    """Rows that are neither refused nor duplicates."""
    pending: int
    """Not sends yet, those that are deferred included."""
    deferred: int
    """Those that wait for the end of their quiet hours."""
    in_flight: int
    """Sends that have not ended."""
    sent: int
    failed: int
    unknown: int
    cancelled: int
    expired: int
    by_code: Mapping[str, int]
    """Deliveries that ended without success, by their codes; a recipient may have had several."""
    per_second: float | None
    """Sends that ended a second, on average over the time in which it ran, without its pauses; ``None`` before the first."""
    seconds_left: float | None = None
    """Seconds until the rest has ended at that rate; ``None`` where nobody can say: it does not run, or quiet hours hold some."""


def progress(connection: Connection, campaign_ids: Sequence[UUID]) -> dict[UUID, Progress]:
    """Tell how far some campaigns have got."""
    rows = connection.execute(statements.select_progress, {"ids": list(campaign_ids)})
    return {row.id: _read(row) for row in rows}


def _read(row: Row[Any]) -> Progress:
    ended = {state.value: (row.ended or {}).get(state, 0) for state in FINAL_SENDS}
    done = sum(ended.values())
    per_second = done / row.seconds if done > 0 and row.seconds else None
    counted = Progress(
        recipients=row.recipients,
        pending=row.recipients - row.fed,
        deferred=row.deferred,
        in_flight=row.fed - done,
        by_code=row.by_code or {},
        per_second=per_second,
        **ended,
    )
    return replace(counted, seconds_left=_seconds_left(counted, CampaignState(row.state)))


def _seconds_left(counted: Progress, state: CampaignState) -> float | None:
    if state is not CampaignState.RUNNING or counted.deferred or not counted.per_second:
        return None
    return (counted.pending + counted.in_flight) / counted.per_second

"""Quotas of channel keys: a unit is taken before each call, and given back when it was not used."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db.hot import Executes
from shared.db.statements import quota
from shared.domain.outcome import Action, Code, NotSent
from worker.deliver.claim import Claim
from worker.runtime import patience

EXCEEDED: Final = NotSent(code=Code.QUOTA_EXCEEDED, reason="quota exceeded", action=Action.PERMANENT)
"""The key has no unit left."""
_UNKNOWN: Final = NotSent(code=Code.INTERNAL_ERROR, reason="the quota could not be looked at", action=Action.RETRY)
_PATIENCE: Final = 10.0
"""Seconds to wait for Postgres; then the delivery is tried again later."""


async def take(engine: AsyncEngine, claims: Sequence[Claim]) -> dict[UUID, NotSent]:
    """Take a unit for each claim whose key has a quota; gives those that got none, and why, by the ids of their deliveries.

    When a commit's answer is lost more may be taken than are used, and never less.
    """
    limited = [claim for claim in claims if counts(claim)]
    if not limited:
        return {}
    try:
        left = await patience.outlast("quota", partial(_take, engine, Counter(claim.key_id for claim in limited)), _PATIENCE)
    except patience.TROUBLE:
        return {claim.id: _UNKNOWN for claim in limited}
    return {claim.id: EXCEEDED for claim in limited if not _use(left, claim.key_id)}


async def _take(engine: AsyncEngine, wanted: Mapping[UUID, int]) -> Counter[UUID]:
    rows = [{"id": str(key_id), "count": count} for key_id, count in wanted.items()]
    async with engine.begin() as connection:
        granted = (await connection.execute(quota.take, {"rows": json.dumps(rows)})).all()
    return Counter({row.id: row.units for row in granted})


def _use(left: Counter[UUID], key_id: UUID) -> bool:
    """Use one of the units of a key, if there is one."""
    left[key_id] -= 1
    return left[key_id] >= 0


def counts(claim: Claim) -> bool:
    """Whether a claim's key has a quota."""
    return claim.quota_limit is not None


def unit(claim: Claim) -> dict[str, Any]:
    """Give the row of a unit that was taken for a claim, for :func:`refund`."""
    return {"id": str(claim.key_id), "taken_after": claim.now.isoformat()}


async def refund(connection: Executes, units: Sequence[Mapping[str, Any]]) -> None:
    """Give units back."""
    if units:
        await connection.execute(quota.refund, {"rows": json.dumps([dict(each) for each in units])})

"""Giving claims back without a call: their key's turn comes later, or this worker stops."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from shared import settings
from shared.db.statements import among, claims
from worker.deliver import quota
from worker.deliver.claim import Claim, Early
from worker.runtime import patience

_HASTE = 20.0
"""Seconds that a process which stops waits for Postgres."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Later:
    """A claim to be given back."""

    claim: Claim
    seconds: float
    """Until it may be claimed again."""
    refund: bool
    """A unit of its key's quota was taken for it."""
    patient_from: datetime | None = None
    """As :attr:`admission.Later.patient_from`."""


async def give_back(engine: AsyncEngine, later: Sequence[Later], *, in_haste: bool = False) -> list[Early]:
    """Give claims back. Gives those that still stood, to be published for their time.

    Waits for Postgres as long as the lease lasts, after which nobody knows that nothing was sent; a process that stops is
    ``in_haste``. Then raises what SQLAlchemy raised.
    """
    seconds = _HASTE if in_haste else settings.get().lease_seconds
    return await patience.outlast("release", partial(_give_back, engine, later), seconds)


async def _give_back(engine: AsyncEngine, later: Sequence[Later]) -> list[Early]:
    parameters: dict[str, Any] = {
        "rows": json.dumps([_row(each) for each in later]),
        "horizon_seconds": settings.get().horizon_seconds,
        **among([each.claim.id for each in later]),
    }
    async with engine.begin() as connection:
        given = (await connection.execute(claims.give_back, parameters)).all()
        await quota.refund(connection, _refunds(later, {row.id for row in given}))
    return [Early(id=row.id, queue=row.queue, seconds=row.seconds) for row in given]


def _row(later: Later) -> dict[str, Any]:
    """Give a row. Whoever has waited for a place has it from now on, and so does who had it before."""
    claim = later.claim
    return {
        "id": str(claim.id),
        "claim_id": str(claim.claim_id),
        "seconds": later.seconds,
        "paced": True,
        "patient_from": later.patient_from and later.patient_from.isoformat(),
    }


def _refunds(later: Sequence[Later], given: set[UUID]) -> list[dict[str, Any]]:
    return [quota.unit(each.claim) for each in later if each.claim.id in given and each.refund and quota.counts(each.claim)]

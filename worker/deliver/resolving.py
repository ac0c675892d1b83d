"""Writing what became known of deliveries without a claim of theirs: they were sent, or they were not, whatever was believed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID

from shared import ids
from shared.db.hot import Executes
from shared.db.statements import among, settlement
from shared.domain.outcome import NotSent, Sent
from shared.domain.states import DeliveryState
from worker.deliver import awaiting, measuring, telling
from worker.deliver.consequences import NOTHING, Consequences
from worker.deliver.measuring import Count
from worker.deliver.telling import Told


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolution:
    """What became known of a delivery."""

    delivery_id: UUID
    row: Mapping[str, Any]
    """For :data:`settlement.resolve`."""
    source: str
    """How it became known, for the timeline."""
    consequences: Consequences = NOTHING
    """What else is to be written, should it be news."""
    reopens: bool = False
    """Whether the tiers that were skipped for its success have their turn after all."""
    told: bool = False
    """Whether customers hear of it from the provider's own report."""

    @classmethod
    def sent(cls, delivery_id: UUID, source: str, outcome: Sent, *, told: bool = False) -> Self:
        """Say that it was sent."""
        known = {"code": None, "reason": None, "detail": outcome.detail or None, "provider_message_id": outcome.provider_message_id}
        row = {"id": str(delivery_id), "state": DeliveryState.SENT, **known, "claimed_at": None}
        return cls(delivery_id=delivery_id, row=row, source=source, told=told)

    @classmethod
    def failed(
        cls,
        delivery_id: UUID,
        source: str,
        outcome: NotSent,
        provider_message_id: str,
        consequences: Consequences,
        *,
        reopens: bool,
    ) -> Self:
        """Say that it failed after its provider had taken it."""
        known = {"code": outcome.code, "reason": outcome.reason, "detail": outcome.detail or None}
        row = {"id": str(delivery_id), "state": DeliveryState.FAILED, **known, "claimed_at": None, "refutes": True}
        return cls(
            delivery_id=delivery_id,
            row={**row, "provider_message_id": provider_message_id},
            source=source,
            consequences=consequences,
            reopens=reopens,
            told=True,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolved:
    """What came of resolutions, and what of it is still to be written."""

    ids: frozenset[UUID] = frozenset()
    """The deliveries of which they were news."""
    reopens: frozenset[UUID] = frozenset()
    """Sends whose success turned out to be none, and whose skipped tiers have their turn."""
    confirm: Mapping[float, tuple[UUID, ...]] = field(default_factory=dict)
    """As :attr:`Settlement.confirm`."""
    consequences: tuple[Consequences, ...] = ()
    told: tuple[Told, ...] = ()
    """For :func:`telling.tell`."""
    counts: tuple[Count, ...] = ()


async def write(connection: Executes, sends: Iterable[Any], resolutions: Sequence[Resolution]) -> Resolved:
    """Write resolutions of deliveries of locked sends."""
    if not resolutions:
        return Resolved()
    wanted = awaiting.wanted(sends)
    rows = [{**each.row, **wanted.get(ids.send_of(each.delivery_id), {})} for each in resolutions]
    parameters = {"rows": json.dumps(rows), **among([each.delivery_id for each in resolutions])}
    written = {row.id: row for row in await connection.execute(settlement.resolve, parameters)}
    news = [each for each in resolutions if each.delivery_id in written]
    if news:
        await connection.execute(settlement.insert_events, {"rows": json.dumps([_event(each) for each in news])})
    return Resolved(
        ids=frozenset(written),
        reopens=frozenset(ids.send_of(each.delivery_id) for each in news if each.reopens),
        confirm=awaiting.soon(written.values(), wanted),
        consequences=tuple(each.consequences for each in news),
        told=tuple(telling.of_resolved(written[each.delivery_id]) for each in news if not each.told),
        counts=tuple(measuring.corrected(row.channel, row.state) for row in written.values()),
    )


def _event(resolution: Resolution) -> dict[str, Any]:
    return {
        "send_id": str(ids.send_of(resolution.delivery_id)),
        "id": str(ids.new()),
        "delivery_id": str(resolution.delivery_id),
        "kind": f"resolved.{resolution.row['state']}",
        "data": {"reason": resolution.source},
    }

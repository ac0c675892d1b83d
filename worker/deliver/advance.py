"""Moving the cascade of sends: the next step of each, from the states of its deliveries, in the caller's transaction."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, TypeVar
from uuid import UUID

from pydantic_core import to_json

from shared import ids
from shared.db import hot, members
from shared.db.hot import Executes, Question
from shared.db.statements import among, settlement
from shared.domain import cascade
from shared.domain.states import SendState
from worker.deliver import measuring
from worker.deliver.measuring import Count
from worker.deliver.result import Lineage

_Group = TypeVar("_Group")

Members = Mapping[UUID, Sequence[Any]]
"""Deliveries as :data:`settlement.select_members` gives them, by the ids of their sends."""

_MOVABLE: Final = frozenset(SendState) - {SendState.SCHEDULED, SendState.CANCELLED}
"""The states in which what is learned of its deliveries may make something else of a send, or of those deliveries."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Publish:
    """Deliveries to publish after the commit."""

    ids: tuple[UUID, ...]
    queue: str
    countdown: float | None
    """Seconds until they may be claimed."""
    lineage: Lineage
    """The task that led to it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settlement:
    """What must follow the commit. Should the process die before it does, recovery finds it in Postgres."""

    publish: tuple[Publish, ...]
    wake: Mapping[str, tuple[UUID, ...]]
    """The sends whose outcome is there, by the api process that waits for it."""
    confirm: Mapping[float, tuple[UUID, ...]] = field(default_factory=dict)
    """Deliveries whose confirmation will be late soon, by the seconds until then."""
    webhooks: tuple[UUID, ...] = ()
    """Webhooks to customers that can be posted now."""
    counts: tuple[Count, ...] = ()
    """What is counted. Should the process die before it is, it is not."""


def joined(*settlements: Settlement) -> Settlement:
    """Put together what must follow one commit."""
    return Settlement(
        publish=tuple(item for each in settlements for item in each.publish),
        wake=_merged([each.wake for each in settlements]),
        confirm=_merged([each.confirm for each in settlements]),
        webhooks=tuple(webhook for each in settlements for webhook in each.webhooks),
        counts=tuple(count for each in settlements for count in each.counts),
    )


def _merged(groups: Sequence[Mapping[_Group, tuple[UUID, ...]]]) -> dict[_Group, tuple[UUID, ...]]:
    merged: dict[_Group, tuple[UUID, ...]] = {}
    for each in groups:
        for group, identifiers in each.items():
            merged[group] = (*merged.get(group, ()), *identifiers)
    return merged


async def advance(connection: Executes, send_ids: Iterable[UUID]) -> Settlement:
    """Take the next step of sends whose deliveries were changed by another hand; otherwise as :func:`settle`."""
    return await move(connection, await lock(connection, set(send_ids)), {})


async def lock(connection: Executes, send_ids: Iterable[UUID]) -> Sequence[Any]:
    """Lock sends, always in the order of their ids, before anything of theirs is changed."""
    sends: Sequence[Any] = (await connection.execute(*locking(send_ids))).all()
    return sends


def locking(send_ids: Iterable[UUID]) -> Question:
    """Give the statement that locks sends."""
    return settlement.lock_sends, among(sorted(send_ids))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Moved:
    send_id: UUID
    before: SendState
    step: cascade.Step
    reopened: tuple[UUID, ...]
    """Skipped deliveries that wait for their turn again."""
    runs: bool
    """It runs, or does so again: what it had ended by has turned out to be no success, and something is still to end."""
    queue: str

    @property
    def ends(self) -> SendState | None:
        """Give the state the send ends in by this step; ``None`` when it does not, or was in that state before."""
        return self.step.state if isinstance(self.step, cascade.Finish) and self.step.state is not self.before else None


async def move(
    connection: Executes,
    sends: Sequence[Any],
    lineages: Mapping[UUID, Lineage],
    reopens: Collection[UUID] = (),
    known: Members = MappingProxyType({}),
) -> Settlement:
    """Take the next step of locked sends; in those that ``reopens`` names, a success has just turned out to be none.

    The deliveries of those that are not ``known`` are read.
    """
    movable = [send for send in sends if send.state in _MOVABLE]
    found = {**known, **await deliveries(connection, [send for send in movable if send.id not in known])}
    moves = [_move(send, found[send.id], reopens=send.id in reopens) for send in movable if found.get(send.id)]
    await _apply(connection, moves)
    counts = measuring.finished(move.ends for move in moves if move.ends)
    return Settlement(publish=tuple(_next_tiers(moves, lineages)), wake=_finished(sends, moves), counts=tuple(counts))


def _move(send: Any, rows: Sequence[Any], *, reopens: bool) -> _Moved:
    read = [members.read(row, send.tier) for row in rows]
    step = cascade.next_step(read, reopens=reopens)
    return _Moved(
        send_id=send.id,
        before=SendState(send.state),
        step=step,
        reopened=cascade.reopened(read, step) if reopens else (),
        runs=not isinstance(step, cascade.Finish) and not cascade.has_success(read),
        queue=rows[0].queue,
    )


async def deliveries(connection: Executes, sends: Sequence[Any]) -> Members:
    """Read the deliveries of locked sends."""
    return by_send(await connection.execute(*reading((send.id, send.deliveries) for send in sends))) if sends else {}


def reading(sends: Iterable[tuple[UUID, int]]) -> Question:
    """Give the statement that reads the deliveries of sends that have so many, or fewer."""
    candidates = [identifier for send_id, count in sends for identifier in ids.deliveries_of(send_id, count)]
    return settlement.select_members, among(candidates)


def by_send(rows: Iterable[Any]) -> Members:
    """Sort deliveries by their sends."""
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.send_id].append(row)
    return found


async def _apply(connection: Executes, moves: Sequence[_Moved]) -> None:
    reopened = [identifier for move in moves for identifier in move.reopened]
    opened = [identifier for move in moves if isinstance(move.step, cascade.OpenTier) for identifier in move.step.ids]
    skipped = [identifier for move in moves if isinstance(move.step, cascade.Finish) for identifier in move.step.skipped]
    for statement, concerned in (
        (settlement.reopen_tiers, reopened),
        (settlement.open_tiers, opened),
        (settlement.skip_deliveries, skipped),
    ):
        if concerned:
            await hot.add(connection, statement, among(concerned))
    await _write_sends(connection, [row for move in moves if (row := _send_row(move))])


async def _write_sends(connection: Executes, rows: Sequence[Mapping[str, object]]) -> None:
    if rows:
        parameters = {"rows": to_json(rows).decode(), **among([UUID(str(row["id"])) for row in rows])}
        await hot.add(connection, settlement.advance_sends, parameters)


def _send_row(move: _Moved) -> dict[str, object] | None:
    state = SendState.RUNNING if move.runs else move.ends
    tier = move.step.tier if isinstance(move.step, cascade.OpenTier) else None
    changes = tier is not None or state is not move.before
    return {"id": str(move.send_id), "state": state, "tier": tier, "former": move.before} if state and changes else None


def _next_tiers(moves: Iterable[_Moved], lineages: Mapping[UUID, Lineage]) -> list[Publish]:
    """Publish each opened tier in the name of the delivery that ended last."""
    return [
        Publish(ids=move.step.ids, queue=move.queue, countdown=None, lineage=lineages.get(move.send_id, Lineage()))
        for move in moves
        if isinstance(move.step, cascade.OpenTier)
    ]


def _finished(sends: Iterable[Any], moves: Iterable[_Moved]) -> dict[str, tuple[UUID, ...]]:
    finished = {move.send_id for move in moves if move.ends}
    return waiters(send for send in sends if send.id in finished)


def waiters(sends: Iterable[Any]) -> dict[str, tuple[UUID, ...]]:
    """Group locked sends by the api process that waits for them."""
    wake: dict[str, tuple[UUID, ...]] = {}
    for send in sends:
        if send.waiter is not None:
            wake[send.waiter] = (*wake.get(send.waiter, ()), send.id)
    return wake

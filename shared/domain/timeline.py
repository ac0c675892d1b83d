"""What happened to a send, in the order of time, in words for people."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from shared.domain import tiers, times
from shared.domain.send import AttemptView, DeliveryView, SendView
from shared.domain.states import DeliveryState, SendState
from shared.domain.times import rfc3339


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that was written down because no state tells it."""

    at: datetime
    kind: str
    delivery_id: UUID | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    """``reason`` is for people and is shown; ``queued_at`` is when a delivery that is tried anew was queued before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """A send with everything that happened to it."""

    send: SendView
    attempts: Mapping[UUID, Sequence[AttemptView]] = field(default_factory=dict)
    """By delivery, in the order of time."""
    events: Sequence[Event] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of the timeline."""

    at: datetime
    kind: str
    text: str
    delivery_id: UUID | None = None


def build(history: History) -> tuple[Entry, ...]:
    """Tell the story of a send so far."""
    entries = [entry for source in _SOURCES for entry in source(history)]
    return tuple(sorted(entries, key=attrgetter("at")))


def _accepted(history: History) -> Iterator[Entry]:
    send = history.send
    grouped = tiers.group(send.deliveries)
    extent = f"{_count(len(send.deliveries), 'channel')} in {_count(len(grouped), 'tier')}"
    yield Entry(at=send.created_at, kind="accepted", text=f"accepted in the {send.dialect} dialect: {extent}")
    if send.schedule is not None:
        yield Entry(at=send.created_at, kind="scheduled", text=f"scheduled for {rfc3339(send.schedule)}")


_WORDS: Final = {
    "held.released": "released to be tried again",
    "held.failed": "counted as not sent",
    "held.confirmed": "counted as sent",
    "resolved.sent": "turned out to have been sent",
    "resolved.failed": "turned out to have failed",
    "confirmed": "confirmed",
    "unconfirmed": "not confirmed in time",
    "replayed": "queued again after a fault of antar's own",
    "dismissed": "left as it ended after a fault of antar's own",
}
"""What people read for the kinds that do not say it themselves."""


def _events(history: History) -> Iterator[Entry]:
    channels = {delivery.id: delivery.channel for delivery in history.send.deliveries}
    for event in history.events:
        told = _WORDS.get(event.kind, event.kind.replace("_", " ").replace(".", " "))
        words = [channels.get(event.delivery_id) if event.delivery_id else None, told]
        text = _explained(" ".join(word for word in words if word), event.data.get("reason"))
        yield Entry(at=event.at, kind=event.kind, text=text, delivery_id=event.delivery_id)


def _ended(history: History) -> Iterator[Entry]:
    for delivery in history.send.deliveries:
        if delivery.ended_at is not None:
            text = _end_of(delivery, history.send.state)
            yield Entry(at=delivery.ended_at, kind=_kind_of_end(delivery), text=text, delivery_id=delivery.id)
            if delivery.held:
                yield Entry(at=delivery.ended_at, kind="held", text=_question(delivery), delivery_id=delivery.id)


_JUDGED: Final = frozenset({"confirmed", "unconfirmed"})


def _awaited(history: History) -> Iterator[Entry]:
    until = history.send.until
    judged = {event.delivery_id for event in history.events if event.kind in _JUDGED}
    for delivery in history.send.deliveries:
        waited = delivery.state is DeliveryState.SENT and (delivery.confirm_by or delivery.id in judged)
        if until and waited and delivery.ended_at:
            text = f"{delivery.channel} waits {until.within} s to be {until.level}"
            yield Entry(at=delivery.ended_at, kind="confirmation_awaited", text=text, delivery_id=delivery.id)


def _kind_of_end(delivery: DeliveryView) -> str:
    return "skipped" if delivery.state is DeliveryState.SKIPPED else "delivery_ended"


def _question(delivery: DeliveryView) -> str:
    return (
        f"{delivery.channel} held for a person to decide: release (try it again), fail (open the next tier) or confirm (it arrived)"
    )


def _end_of(delivery: DeliveryView, send_state: SendState) -> str:
    if delivery.state is DeliveryState.SKIPPED:
        return _explained(f"{delivery.channel} skipped", "an earlier tier succeeded" if send_state is SendState.SENT else None)
    if delivery.state is DeliveryState.SENT:
        return f"{delivery.channel} sent"
    reason = f"{delivery.code} ({delivery.reason})" if delivery.code and delivery.reason else delivery.code or delivery.reason
    return _explained(f"{delivery.channel} {delivery.state}", reason)


def _opened(history: History) -> Iterator[Entry]:
    if history.send.state is SendState.SCHEDULED:
        return
    for tier in tiers.group(history.send.deliveries):
        opened_at = min((moment for delivery in tier.deliveries for moment in _queued(history, delivery)), default=None)
        if opened_at is not None:
            channels = ", ".join(delivery.channel for delivery in tier.deliveries)
            yield Entry(at=opened_at, kind="tier_opened", text=f"tier {tier.number} opened: {channels}")


def _queued(history: History, delivery: DeliveryView) -> Iterator[datetime]:
    """Give every moment at which a delivery was queued.

    A person may have had it tried anew, and waiting for a turn counts as being queued later: the first tier opened with the send.
    """
    send = history.send
    with_send = send.created_at if delivery.queued_at and delivery.tier == 0 and send.schedule is None else None
    moments = (with_send, delivery.queued_at, *(times.parse(event.data["queued_at"]) for event in _restarts(history, delivery)))
    return (moment for moment in moments if moment)


def _restarts(history: History, delivery: DeliveryView) -> list[Event]:
    return [event for event in history.events if event.delivery_id == delivery.id and event.data.get("queued_at")]


def _attempted(history: History) -> Iterator[Entry]:
    for delivery in history.send.deliveries:
        for attempt in history.attempts.get(delivery.id, ()):
            text = f"{delivery.channel} attempt {attempt.number}: {_outcome(attempt)}"
            yield Entry(at=attempt.started_at, kind="attempt", text=text, delivery_id=delivery.id)


def _outcome(attempt: AttemptView) -> str:
    parts = (
        attempt.outcome.replace("_", " "),
        attempt.code,
        f"provider status {attempt.provider_status}" if attempt.provider_status is not None else None,
        f"provider code {attempt.provider_code}" if attempt.provider_code is not None else None,
        f"{milliseconds(attempt)} ms",
    )
    return ", ".join(part for part in parts if part)


def milliseconds(attempt: AttemptView) -> int:
    """Give how long a call took."""
    return round((attempt.ended_at - attempt.started_at).total_seconds() * 1000)


def _retried(history: History) -> Iterator[Entry]:
    for delivery in history.send.deliveries:
        attempts = history.attempts.get(delivery.id, ())
        restarts = [event.at for event in _restarts(history, delivery)]
        for attempt, following in pairwise(attempts):
            if not any(attempt.ended_at <= restart <= following.started_at for restart in restarts):
                yield _retry(delivery, attempt, following.started_at)
        if attempts and delivery.state is DeliveryState.QUEUED and delivery.not_before is not None:
            yield _retry(delivery, attempts[-1], delivery.not_before)


def _retry(delivery: DeliveryView, attempt: AttemptView, due: datetime) -> Entry:
    seconds = (due - attempt.ended_at).total_seconds()
    text = f"{delivery.channel} to be tried again after {max(seconds, 0):.1f} s"
    return Entry(at=attempt.ended_at, kind="retry_planned", text=text, delivery_id=delivery.id)


def _received(history: History) -> Iterator[Entry]:
    for delivery in history.send.deliveries:
        if delivery.receipt is not None and delivery.receipt_at is not None:
            text = f"{delivery.channel} receipt: {delivery.receipt}"
            yield Entry(at=delivery.receipt_at, kind="receipt", text=text, delivery_id=delivery.id)


def _finished(history: History) -> Iterator[Entry]:
    send = history.send
    if send.ended_at is not None:
        carriers = ", ".join(delivery.channel for delivery in send.deliveries if _carried(delivery, send.ended_at))
        by = f" by {carriers}" if carriers else ""
        yield Entry(at=send.ended_at, kind="finished", text=f"finished: {send.state}{by}")


def _carried(delivery: DeliveryView, ended_at: datetime) -> bool:
    """Tell whether a delivery was known to be sent when its send ended; what turned out later is told later.

    One that has a code although it was sent has not got as far as its send wants.
    """
    known = delivery.ended_at is None or delivery.ended_at <= ended_at
    return delivery.state is DeliveryState.SENT and delivery.code is None and known


_SOURCES: Final[tuple[Callable[[History], Iterator[Entry]], ...]] = (
    _accepted,
    _events,
    _ended,
    _awaited,
    _opened,
    _attempted,
    _retried,
    _received,
    _finished,
)
"""In the order of cause and effect, which decides between entries of one moment: a transaction has one time for all it writes."""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _explained(text: str, reason: str | None) -> str:
    return f"{text}: {reason}" if reason else text

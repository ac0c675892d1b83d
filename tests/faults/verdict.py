"""What a scenario came to: pure, from what clients were told, what Postgres holds, and what the providers accepted."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Final
from uuid import UUID

from shared.domain.states import DeliveryState, SendState
from tests.faults.load import Answer

_ENDED_SENDS: Final = frozenset({SendState.SENT, SendState.FAILED, SendState.UNKNOWN, SendState.CANCELLED, SendState.EXPIRED})
_OPEN_DELIVERIES: Final = frozenset({DeliveryState.WAITING, DeliveryState.QUEUED, DeliveryState.CLAIMED})
_MAY_HAVE_LEFT: Final = frozenset({DeliveryState.SENT, DeliveryState.UNKNOWN}) | _OPEN_DELIVERIES
_CLOCKS_DIFFER: Final = 0.01
"""Seconds by which the provider's clock, rounded to milliseconds, may seem to be before Postgres's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Send:
    """A row of ``sends``; times are seconds since the epoch."""

    id: UUID
    state: SendState
    created_at: float
    schedule_at: float | None = None
    ended_at: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """A row of ``deliveries``, with the outcomes of its attempts."""

    id: UUID
    send_id: UUID
    channel: str
    state: DeliveryState
    order: str
    """What its send is about, and no other."""
    attempts: tuple[str, ...] = ()

    @property
    def doubts(self) -> int:
        """How many attempts may have been accepted although nobody heard of it."""
        return self.attempts.count("unknown")


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What a provider accepted; the time is in seconds since the epoch."""

    channel: str
    to: str
    order: str
    """What it is about."""
    delivery_id: UUID | None
    received_at: float


@dataclass(frozen=True, kw_only=True)
class Observed:
    """All that is known when a scenario is over."""

    answers: Sequence[Answer]
    sends: Sequence[Send]
    deliveries: Sequence[Delivery]
    messages: Sequence[Message]

    @cached_property
    def accepted(self) -> Mapping[UUID, list[Message]]:
        """What was accepted of each delivery."""
        found: dict[UUID, list[Message]] = defaultdict(list)
        for message in self.messages:
            if (identifier := self._delivery_of(message)) is not None:
                found[identifier].append(message)
        return found

    @cached_property
    def stray(self) -> list[Message]:
        """Messages of no delivery."""
        known = {each.id for each in self.deliveries}
        return [message for message in self.messages if self._delivery_of(message) not in known]

    def _delivery_of(self, message: Message) -> UUID | None:
        """Name its delivery. Where the wire carries no id, what it is about says whose it is."""
        return message.delivery_id or self._by_order.get((message.channel, message.order))

    @cached_property
    def _by_order(self) -> Mapping[tuple[str, str], UUID]:
        return {(each.channel, each.order): each.id for each in self.deliveries}

    @cached_property
    def by_send(self) -> Mapping[UUID, list[Delivery]]:
        """The deliveries of each send."""
        found: dict[UUID, list[Delivery]] = defaultdict(list)
        for delivery in self.deliveries:
            found[delivery.send_id].append(delivery)
        return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowed:
    """What a fault excuses."""

    unknown: bool = False
    """Deliveries may end unknown."""
    repeats: bool = False
    """What is unknown was to be tried again on every channel; email always may, under the same Message-ID."""


NOTHING: Final = Allowed()


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What is wrong, by kind; nothing may be."""

    not_accepted: list[str] = field(default_factory=list)
    """Requests that were refused, or given up, by their idempotency key."""
    misled: list[UUID] = field(default_factory=list)
    """Sends whose client was told another end than they came to, though nothing was unknown."""
    vanished: list[UUID] = field(default_factory=list)
    """Sends that were accepted and are not in Postgres."""
    surplus: list[UUID] = field(default_factory=list)
    """Sends in Postgres that no client was told of, though all were answered; and those told to two."""
    unended: list[UUID] = field(default_factory=list)
    """Sends, and deliveries of ended sends, that did not end."""
    lost: list[UUID] = field(default_factory=list)
    """Sends that count as sent and have no message at any provider."""
    duplicates: list[UUID] = field(default_factory=list)
    """Deliveries accepted more often than their record admits, or repeated where that was not wanted."""
    fanned_out: list[UUID] = field(default_factory=list)
    """Sends accepted on several channels although nothing was unknown."""
    denied: list[UUID] = field(default_factory=list)
    """Deliveries accepted by the provider and recorded as not sent."""
    claimed: list[UUID] = field(default_factory=list)
    """Deliveries recorded as sent that the provider did not accept."""
    forgotten: list[UUID] = field(default_factory=list)
    """Deliveries recorded as not sent, or unknown, of which an attempt is recorded as sent."""
    doubtful: list[UUID] = field(default_factory=list)
    """Deliveries that ended unknown although nothing excuses it."""
    early: list[UUID] = field(default_factory=list)
    """Deliveries accepted before their send was due."""
    stray: list[Message] = field(default_factory=list)
    """Messages of no delivery."""

    def problems(self) -> dict[str, int]:
        """Count what is wrong, by kind."""
        counts = {each.name: len(getattr(self, each.name)) for each in fields(self)}
        return {name: count for name, count in counts.items() if count}

    def examples(self, most: int = 3) -> dict[str, list[str]]:
        """Give the first ones of what is wrong, by kind."""
        return {name: [str(each) for each in getattr(self, name)[:most]] for name in self.problems()}


def judge(observed: Observed, allowed: Allowed) -> Verdict:
    """Find everything that is wrong."""
    return Verdict(
        not_accepted=[each.idempotency_key for each in observed.answers if not each.accepted],
        misled=list(_misled(observed)),
        vanished=list(_vanished(observed)),
        surplus=list(_surplus(observed)),
        unended=list(_unended(observed)),
        lost=list(_lost(observed)),
        duplicates=[each.id for each in observed.deliveries if _is_duplicate(each, observed, allowed)],
        fanned_out=[send for send, theirs in observed.by_send.items() if _is_fanned_out(theirs, observed)],
        denied=[each.id for each in observed.deliveries if each.state not in _MAY_HAVE_LEFT and each.id in observed.accepted],
        claimed=[each.id for each in _in_state(observed, DeliveryState.SENT) if each.id not in observed.accepted],
        forgotten=[each.id for each in observed.deliveries if "sent" in each.attempts and each.state is not DeliveryState.SENT],
        doubtful=[] if allowed.unknown else [each.id for each in _in_state(observed, DeliveryState.UNKNOWN)],
        early=list(_early(observed)),
        stray=observed.stray,
    )


def repeated(observed: Observed) -> list[Delivery]:
    """Give the deliveries that a provider accepted more than once, marked or not."""
    return [each for each in observed.deliveries if len(observed.accepted.get(each.id, ())) > 1]


def doubled(observed: Observed) -> list[UUID]:
    """Give the sends that were accepted on more than one channel."""
    return [send for send, theirs in observed.by_send.items() if len(_taken(theirs, observed)) > 1]


def _misled(observed: Observed) -> Iterator[UUID]:
    told = {each.send_id: each.told for each in observed.answers if each.told is not None}
    return (send.id for send in observed.sends if send.id in told and not _agrees(told[send.id], send, observed))


def _agrees(told: bool, send: Send, observed: Observed) -> bool:  # noqa: FBT001 - what the client was told is the value itself.
    """What was not known to have been sent may have become so since."""
    was_sent = send.state is SendState.SENT
    return told == was_sent or (was_sent and any(each.doubts for each in observed.by_send.get(send.id, ())))


def _vanished(observed: Observed) -> Iterator[UUID]:
    there = {send.id for send in observed.sends}
    return (each.send_id for each in observed.answers if each.send_id and each.send_id not in there)


def _surplus(observed: Observed) -> Iterator[UUID]:
    """Who gave up may have been accepted without hearing of it; there may be as many sends as such clients, and no more."""
    told = Counter(each.send_id for each in observed.answers if each.send_id)
    yield from (identifier for identifier, clients in told.items() if clients > 1)
    untold = sorted({send.id for send in observed.sends}.difference(told))
    yield from untold[len(observed.answers) - told.total() :]


def _unended(observed: Observed) -> Iterator[UUID]:
    yield from (send.id for send in observed.sends if send.state not in _ENDED_SENDS)
    yield from (each.id for each in observed.deliveries if each.state in _OPEN_DELIVERIES)


def _lost(observed: Observed) -> Iterator[UUID]:
    sent = (send.id for send in observed.sends if send.state is SendState.SENT)
    return (identifier for identifier in sent if not _taken(observed.by_send.get(identifier, ()), observed))


def _taken(deliveries: Iterable[Delivery], observed: Observed) -> list[Delivery]:
    return [each for each in deliveries if each.id in observed.accepted]


def _is_duplicate(delivery: Delivery, observed: Observed, allowed: Allowed) -> bool:
    """Each acceptance needs an attempt of its own, and each but one of these must be known not to be known."""
    accepted = len(observed.accepted.get(delivery.id, ()))
    if accepted <= 1:
        return False
    admitted = accepted <= len(delivery.attempts) and accepted - 1 <= delivery.doubts
    return not (admitted and (allowed.repeats or delivery.channel == "email"))


def _is_fanned_out(deliveries: Iterable[Delivery], observed: Observed) -> bool:
    taken = _taken(deliveries, observed)
    return len(taken) - 1 > sum(1 for each in taken if each.doubts)


def _in_state(observed: Observed, state: DeliveryState) -> list[Delivery]:
    return [each for each in observed.deliveries if each.state is state]


def _early(observed: Observed) -> Iterator[UUID]:
    for send in observed.sends:
        for delivery in observed.by_send.get(send.id, ()) if send.schedule_at else ():
            messages = observed.accepted.get(delivery.id, ())
            if any(message.received_at + _CLOCKS_DIFFER < (send.schedule_at or 0) for message in messages):
                yield delivery.id

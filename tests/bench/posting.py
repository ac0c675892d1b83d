"""Posting sends and seeing them end: what the scenarios have in common."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from tests.bench import figures, load, processes, waits
from tests.bench.bed import Bed
from tests.bench.errors import Miscounted
from tests.bench.load import Measured
from tests.bench.messages import LAST, REFUSED, Shape
from tests.bench.provider.behaviour import constant
from tests.bench.provider.owner import Provider
from tests.bench.subjects import SENT, WORKER, Subject, Taker

RESPOND_ASYNC: Final = "respond-async"
ACCEPTED: Final = 202
_CLIENTS: Final = 64
_LOOK_SECONDS: Final = 0.02


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered:
    """A backlog that was delivered."""

    sends: int
    seconds: float
    """From the moment the workers went on until the last outcome was recorded."""
    cpu: Mapping[str, float]
    """Microseconds of CPU per send, by what the processes do."""

    @property
    def rate(self) -> float:
        """Sends per second."""
        return self.sends / self.seconds


def accept(bed: Bed, taker: Taker, shape: Shape, sends: int) -> Measured:
    """Post sends without waiting for their outcomes. Raises :class:`tests.bench.errors.UnexpectedAnswer`."""
    requests = islice(bed.requests(taker, shape, RESPOND_ASYNC), sends)
    return load.expect(load.closed(taker.port, requests, clients=_CLIENTS), ACCEPTED)


def settle(subject: Subject) -> None:
    """Wait until every send counted has ended. Raises :class:`tests.bench.errors.Overdue`."""
    waits.until(lambda: subject.running() == 0, f"{subject.name} delivers all it has accepted", pause=_LOOK_SECONDS)


def deliver(bed: Bed, subject: Subject, shape: Shape, sends: int, latency_ms: float = 0.0) -> Delivered:
    """Make a backlog, let the workers deliver it, and check what they did.

    Raises:
        UnexpectedAnswer: a send was not accepted.
        Overdue: they never ended.
        Miscounted: a send ended in another way, or the provider was called more often, or for fewer recipients.
    """
    subject.begin()
    bed.provider.behave(constant(latency_ms, REFUSED[shape]))
    with processes.frozen(subject.pids()[WORKER]):
        accept(bed, subject, shape, sends)
        bed.provider.count_anew()
        pids = bed.pids_with(subject.pids())
        before, began = processes.cpu(pids), time.perf_counter()
    _await_outcomes(bed, subject, sends)
    seconds, after = time.perf_counter() - began, processes.cpu(pids)
    _check(bed.provider, subject.name, shape, sends, subject.sent())
    return Delivered(sends=sends, seconds=seconds, cpu=processes.spent(before, after, sends))


def deliver_bare(bed: Bed, shape: Shape, sends: int, latency_ms: float = 0.0) -> Delivered:
    """Have the bare delivery deliver as many. Raises :class:`Miscounted` as :func:`deliver` does."""
    bare = bed.against.delivery
    bed.provider.behave(constant(latency_ms, REFUSED[shape]))
    before_it = bare.states().get(SENT, 0)
    bare.prepare(sends, (*REFUSED[shape], LAST))
    pids = bed.pids_with({WORKER: [pid for members in bare.pids().values() for pid in members]})
    before = processes.cpu(pids)
    seconds = bare.run()
    cpu = processes.spent(before, processes.cpu(pids), sends)
    _check(bed.provider, figures.LIMIT, shape, sends, bare.states().get(SENT, 0) - before_it)
    return Delivered(sends=sends, seconds=seconds, cpu=cpu)


def _await_outcomes(bed: Bed, subject: Subject, sends: int) -> None:
    """Look at the provider's counts, which costs the service nothing, and at its tables only when they are complete."""
    waits.until(
        lambda: bed.provider.counts().accepted.get(LAST, 0) >= sends, f"{subject.name} calls the provider", pause=_LOOK_SECONDS
    )
    settle(subject)


def _check(provider: Provider, name: str, shape: Shape, sends: int, sent: int) -> None:
    """Hold what was sent against the tables and the provider's counts."""
    counts = provider.counts()
    calls = {**counts.accepted, **counts.refused}
    if calls != dict.fromkeys((*REFUSED[shape], LAST), sends) or counts.recipients != {LAST: sends} or sent != sends:
        raise Miscounted(f"{name}: {sends} sends, of which {sent} were sent; the provider counted {counts}")

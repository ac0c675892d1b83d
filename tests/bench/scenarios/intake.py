"""Intake: how many sends a second are accepted, each committed before it is answered."""

from collections.abc import Iterator
from typing import Final

from tests.bench import figures, load, posting, processes
from tests.bench.bed import Bed, Setting
from tests.bench.figures import Aim, Figure, Reading
from tests.bench.load import Measured
from tests.bench.messages import Shape
from tests.bench.provider.behaviour import constant
from tests.bench.scenarios.base import MILLISECONDS, PER_SECOND, Effort, Plan, cpu_readings
from tests.bench.subjects import WORKER, Subject, Taker

_CLIENTS: Final = (16, 64, 128)
_AIMED: Final = 64
"""The number of clients that aims are for, and with which CPU is counted."""
_AIMS: Final = (Aim(bound=3000, at_least=True), Aim(bound=0.7, at_least=True, against=figures.LIMIT))
_WARM_UP: Final = 400


class Intake:
    """Posts that do not wait, by clients that each post again once they are answered."""

    def __init__(self, bed: Bed, effort: Effort) -> None:
        self._bed = bed
        self._seconds = effort.seconds

    def warm_up(self) -> None:
        """Accept some hundred sends, and deliver them."""
        self._bed.provider.behave(constant(0))
        posting.accept(self._bed, self._bed.against.intake, Shape.SINGLE, _WARM_UP)
        for subject in (self._bed.antar, self._bed.against.naive):
            posting.accept(self._bed, subject, Shape.SINGLE, _WARM_UP)
            posting.settle(subject)

    def measure(self, subject: str, run: int) -> Iterator[Reading]:
        """Measure with the workers stopped, then with them running; of the bare limit, which has none, only the former."""
        del run
        if subject == figures.LIMIT:
            yield from self._by_clients(self._bed.against.intake)
        else:
            yield from self._with_workers(self._bed.subject(subject))

    def _with_workers(self, subject: Subject) -> Iterator[Reading]:
        subject.begin()
        with processes.frozen(subject.pids()[WORKER]):
            yield from self._by_clients(subject)
            subject.clear()
        posting.settle(subject)
        yield from _readings("consuming", f"{_AIMED} clients, workers running", self._load(subject, _AIMED))
        with processes.frozen(subject.pids()[WORKER]):
            subject.clear()
        posting.settle(subject)

    def _by_clients(self, taker: Taker) -> Iterator[Reading]:
        for clients in _CLIENTS:
            pids = self._bed.pids_with(taker.pids())
            before = processes.cpu(pids)
            measured = self._load(taker, clients)
            cpu = processes.spent(before, processes.cpu(pids), len(measured.answers))
            yield from _readings(f"clients_{clients}", f"{clients} clients", measured, _AIMS if clients == _AIMED else ())
            yield from cpu_readings(f"clients_{clients}", f"{clients} clients", cpu) if clients == _AIMED else ()

    def _load(self, taker: Taker, clients: int) -> Measured:
        requests = self._bed.requests(taker, Shape.SINGLE, posting.RESPOND_ASYNC)
        return load.expect(load.closed(taker.port, requests, clients=clients, seconds=self._seconds), posting.ACCEPTED)


def _readings(key: str, label: str, measured: Measured, aims: tuple[Aim, ...] = ()) -> Iterator[Reading]:
    rate = Figure(key=f"{key}.rate", group="accepted sends", label=label, unit=PER_SECOND, aims=aims)
    yield Reading(figure=rate, value=measured.rate)
    for percent in (50, 99):
        time = Figure(key=f"{key}.p{percent}", group="time to the answer", label=f"{label}, p{percent}", unit=MILLISECONDS)
        yield Reading(figure=time, value=measured.percentile(percent))


PLAN: Final = Plan(
    name="intake",
    title="Intake: sends accepted, each committed before it is answered",
    notes="One channel a send, connections kept alive. The workers are stopped meanwhile, but for the rows that say otherwise.",
    setting=Setting(baselines=True),
    subjects=figures.SUBJECTS,
    make=Intake,
)

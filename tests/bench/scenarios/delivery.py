"""Delivery: how many sends a second go from the queue to their recorded outcome."""

from collections.abc import Iterator
from itertools import product
from typing import Final

from tests.bench import figures, posting
from tests.bench.bed import Bed, Setting
from tests.bench.figures import Aim, Figure, Reading
from tests.bench.messages import Shape
from tests.bench.scenarios.base import PER_SECOND, Effort, Plan, cpu_readings

_LATENCIES_MS: Final = (0, 100)
_LABELS: Final = {Shape.SINGLE: "one channel", Shape.TIERS: "three tiers"}
_NAIVE_AIM: Final = Aim(bound=5, at_least=True, against=figures.NAIVE)
_LIMIT_AIM: Final = Aim(bound=0.6, at_least=True, against=figures.LIMIT)
_AIMS: Final = {(Shape.SINGLE, 0): (_NAIVE_AIM, _LIMIT_AIM), (Shape.TIERS, 0): (_NAIVE_AIM, _LIMIT_AIM)}
_WARM_UP: Final = 100
_FEWEST: Final = 50
_MOST: Final = 20_000
"""Sends in a backlog: what is delivered in the time one measurement may take, by the rate measured last, within these bounds."""

Case = tuple[Shape, int]
"""A shape, and the provider's time in milliseconds."""


class Delivery:
    """A backlog is made while the workers are stopped; then they go on."""

    def __init__(self, bed: Bed, effort: Effort) -> None:
        self._bed = bed
        self._seconds = effort.seconds
        self._rates: dict[tuple[str, Case], float] = {}

    def warm_up(self) -> None:
        """Deliver some sends of every kind, by which it is known how fast each is about, and then as many as in a run."""
        for subject, case in product(figures.SUBJECTS, _cases()):
            self._deliver(subject, case, _WARM_UP)
            self._deliver(subject, case, self._backlog(subject, case))

    def measure(self, subject: str, run: int) -> Iterator[Reading]:
        """Deliver one backlog of each kind."""
        del run
        for case in _cases():
            delivered = self._deliver(subject, case, self._backlog(subject, case))
            yield from _readings(case, delivered)

    def _backlog(self, subject: str, case: Case) -> int:
        return min(_MOST, max(_FEWEST, round(self._rates[subject, case] * self._seconds)))

    def _deliver(self, subject: str, case: Case, sends: int) -> posting.Delivered:
        shape, latency_ms = case
        if subject == figures.LIMIT:
            delivered = posting.deliver_bare(self._bed, shape, sends, latency_ms)
        else:
            delivered = posting.deliver(self._bed, self._bed.subject(subject), shape, sends, latency_ms)
        self._rates[subject, case] = delivered.rate
        return delivered


def _cases() -> Iterator[Case]:
    return product(Shape, _LATENCIES_MS)


def _readings(case: Case, delivered: posting.Delivered) -> Iterator[Reading]:
    shape, latency_ms = case
    key, label = f"{shape}_{latency_ms}ms", f"{_LABELS[shape]}, {latency_ms} ms"
    rate = Figure(key=f"{key}.rate", group="delivered sends", label=label, unit=PER_SECOND, aims=_AIMS.get(case, ()))
    yield Reading(figure=rate, value=delivered.rate)
    yield from cpu_readings(key, label, delivered.cpu)


PLAN: Final = Plan(
    name="delivery",
    title="Delivery: sends from the queue to their recorded outcome",
    notes=(
        "The milliseconds are the time the provider takes for an answer. Of three tiers the provider refuses the first two. "
        "Every outcome is counted in the tables, and every call at the provider."
    ),
    setting=Setting(baselines=True),
    subjects=figures.SUBJECTS,
    make=Delivery,
)

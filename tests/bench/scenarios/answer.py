"""Answer time: how much longer than the provider's own time a request takes that waits for the outcome."""

from collections.abc import Iterator
from typing import Final

from tests.bench import arrivals, figures, load
from tests.bench.bed import Bed, Setting
from tests.bench.figures import Aim, Figure, Reading
from tests.bench.load import Measured
from tests.bench.messages import Shape
from tests.bench.provider.behaviour import constant
from tests.bench.scenarios.base import MILLISECONDS, PER_SECOND, Effort, Plan

_WAIT: Final = "wait=30"
_DELIVERED: Final = 200
_LATENCIES_MS: Final = (0, 100)
_SHARES: Final = (10, 50, 80)
"""Percent of the capacity."""
_PERCENTILES: Final = (50, 99, 99.9)
_CLIENTS: Final = 64
"""Those that measure the capacity: fewer than the requests that the api lets wait at once."""
_AIMS: Final[dict[tuple[str, float], tuple[Aim, ...]]] = {
    ("idle", 50): (Aim(bound=10),),
    ("load_50", 50): (Aim(bound=15),),
    ("load_50", 99): (Aim(bound=75),),
}
_WARM_UP_SECONDS: Final = 1.0
_IDLE_SECONDS: Final = 1.5


class Answer:
    """Posts that wait, one after the other on an idle system, and then at times of their own."""

    def __init__(self, bed: Bed, effort: Effort) -> None:
        self._bed = bed
        self._seconds = effort.seconds

    def warm_up(self) -> None:
        """Wait for some hundred outcomes."""
        self._bed.provider.behave(constant(0))
        self._closed(_CLIENTS, _WARM_UP_SECONDS)

    def measure(self, subject: str, run: int) -> Iterator[Reading]:
        """Measure with a provider that answers at once, and with one that takes its time."""
        del subject
        for latency_ms in _LATENCIES_MS:
            self._bed.provider.behave(constant(latency_ms))
            yield from self._at(latency_ms, run)

    def _at(self, latency_ms: int, run: int) -> Iterator[Reading]:
        yield from _times("idle", "idle", latency_ms, self._closed(1, _IDLE_SECONDS * self._seconds))
        capacity = self._closed(_CLIENTS, self._seconds).rate
        yield _capacity(latency_ms, capacity)
        for share in _SHARES:
            starts = arrivals.poisson(capacity * share / 100, self._seconds * 2, seed=run)
            measured = load.expect(load.paced(self._bed.antar.port, self._requests(), starts), _DELIVERED)
            yield from _times(f"load_{share}", f"{share} % load", latency_ms, measured)

    def _closed(self, clients: int, seconds: float) -> Measured:
        measured = load.closed(self._bed.antar.port, self._requests(), clients=clients, seconds=seconds)
        return load.expect(measured, _DELIVERED)

    def _requests(self) -> Iterator[bytes]:
        return self._bed.requests(self._bed.antar, Shape.SINGLE, _WAIT)


def _capacity(latency_ms: int, rate: float) -> Reading:
    label = f"{_CLIENTS} clients, {latency_ms} ms"
    return Reading(figure=Figure(key=f"capacity_{latency_ms}ms", group="waited sends", label=label, unit=PER_SECOND), value=rate)


def _times(key: str, label: str, latency_ms: int, measured: Measured) -> Iterator[Reading]:
    """Give the percentiles of what a request took beyond the provider's time."""
    for percent in _PERCENTILES:
        figure = Figure(
            key=f"{key}_{latency_ms}ms.p{percent:g}",
            group=f"time beyond the provider's {latency_ms} ms",
            label=f"{label}, p{percent:g}",
            unit=MILLISECONDS,
            aims=_AIMS.get((key, percent), ()),
        )
        yield Reading(figure=figure, value=measured.percentile(percent) - latency_ms)


PLAN: Final = Plan(
    name="answer",
    title="Answer time: a request that waits, beyond the provider's own time",
    notes=(
        "Idle: one client, one request after the other. Under load requests arrive at times of their own (Poisson), and each "
        "counts from when it was to start; the load is a share of what 64 clients got done just before. The naive service has no "
        "way to wait."
    ),
    setting=Setting(baselines=True),
    subjects=(figures.ANTAR,),
    make=Answer,
)

"""Events: what it costs that workers tell of their tasks, with and without Flower listening."""

from collections.abc import Iterator
from contextlib import closing
from typing import Final

from celery import Celery

from deploy.local import environment
from tests.bench import arrivals, figures, posting
from tests.bench.bed import Bed, Setting
from tests.bench.errors import Overdue
from tests.bench.figures import Figure, Reading
from tests.bench.messages import Shape
from tests.bench.scenarios.base import PER_SECOND, Effort, Plan, cpu_readings

_FLOWER: Final = "flower"
_MODES: Final = {"off": "no events", "on": "events", "flower": "events, and Flower"}
_WARM_UP: Final = 3000
_FEWEST: Final = 500
_WORKERS: Final = 3
_WAIT_SECONDS: Final = 20.0
"""How many workers the switch is for, and how long they have to answer."""


class Events:
    """The same backlog with events switched off, switched on, and with Flower."""

    def __init__(self, bed: Bed, effort: Effort) -> None:
        self._bed = bed
        self._seconds = effort.seconds

    def warm_up(self) -> None:
        """Deliver some thousand sends."""
        self._bed.stack.halt(_FLOWER)
        self._deliver(_WARM_UP)

    def measure(self, subject: str, run: int) -> Iterator[Reading]:
        """Measure each mode, another one first in each run."""
        del subject
        for mode in arrivals.rotated(list(_MODES), run):
            self._switch(mode)
            delivered = self._deliver(max(_FEWEST, round(self._rate * self._seconds)))
            rate = Figure(key=f"{mode}.rate", group="delivered sends", label=_MODES[mode], unit=PER_SECOND)
            yield Reading(figure=rate, value=delivered.rate)
            yield from cpu_readings(mode, _MODES[mode], delivered.cpu)

    def _switch(self, mode: str) -> None:
        """Switch events and Flower. Raises :class:`tests.bench.errors.Overdue` when a worker does not answer."""
        if mode == _FLOWER:
            self._bed.stack.resume(_FLOWER)
        else:
            self._bed.stack.halt(_FLOWER)
        command = "disable_events" if mode == "off" else "enable_events"
        with closing(Celery(broker=self._bed.stack.environment()[environment.BROKER_URL])) as app:
            answers = app.control.broadcast(command, reply=True, limit=_WORKERS, timeout=_WAIT_SECONDS) or ()
        if len(answers) < _WORKERS:
            raise Overdue(f"{command}: {len(answers)} of {_WORKERS} workers have answered")

    def _deliver(self, sends: int) -> posting.Delivered:
        """Deliver sends, and learn how fast that is."""
        delivered = posting.deliver(self._bed, self._bed.antar, Shape.SINGLE, sends)
        self._rate = delivered.rate
        return delivered


PLAN: Final = Plan(
    name="events",
    title="Events: what Celery's task events and Flower cost",
    notes="One channel a send, the provider answers at once. Events are switched by remote control.",
    setting=Setting(flower=True),
    subjects=(figures.ANTAR,),
    make=Events,
)

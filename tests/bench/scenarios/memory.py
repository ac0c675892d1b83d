"""Memory: what each process holds, idle and with a thousand calls in flight."""

from collections.abc import Iterator
from typing import Final

from tests.bench import figures, posting, processes, waits
from tests.bench.bed import Bed, Setting
from tests.bench.figures import Aim, Figure, Reading
from tests.bench.messages import Shape
from tests.bench.processes import Memory
from tests.bench.provider.behaviour import Behaviour, constant
from tests.bench.scenarios.base import MEBIBYTES, Effort, Plan

_IN_FLIGHT: Final = 1000
_WARM_UP: Final = 100
_AIMED: Final = "worker-send"
_AIMS: Final = (Aim(bound=200),)
_BYTES: Final = 1024 * 1024
_NAMES: Final = ("api", "worker-send", "worker-bulk", "worker-events", "beat")


class InFlight:
    """The provider holds every call, until one worker has a thousand of them."""

    def __init__(self, bed: Bed, effort: Effort) -> None:
        del effort
        self._bed = bed

    def warm_up(self) -> None:
        """Do nothing: a run begins with processes that are fresh."""

    def measure(self, subject: str, run: int) -> Iterator[Reading]:
        """Measure fresh processes after a hundred sends, and then with the calls in flight."""
        del subject, run
        self._bed.stack.restart("api", "worker-send")
        self._bed.antar.begin()
        self._deliver(_WARM_UP)
        yield from _readings("idle", "idle", self._held())
        self._bed.provider.behave(Behaviour(held=True))
        posting.accept(self._bed, self._bed.antar, Shape.SINGLE, _IN_FLIGHT)
        waits.until(lambda: self._bed.provider.counts().in_flight >= _IN_FLIGHT, f"{_IN_FLIGHT} calls are in flight")
        yield from _readings("in_flight", f"{_IN_FLIGHT} calls in flight", self._held(), _AIMS)
        self._deliver(0)

    def _deliver(self, sends: int) -> None:
        self._bed.provider.behave(constant(0))
        posting.accept(self._bed, self._bed.antar, Shape.SINGLE, sends)
        posting.settle(self._bed.antar)

    def _held(self) -> dict[str, Memory]:
        pids = {name: self._bed.stack.pid(name) for name in _NAMES}
        return {name: processes.memory(processes.family(pid)) for name, pid in pids.items() if pid is not None}


def _readings(key: str, label: str, held: dict[str, Memory], aims: tuple[Aim, ...] = ()) -> Iterator[Reading]:
    for name, memory in held.items():
        kept = aims if name == _AIMED else ()
        resident = Figure(key=f"{key}.rss.{name}", group=f"RSS, {label}", label=name, unit=MEBIBYTES, aims=kept)
        proportional = Figure(key=f"{key}.pss.{name}", group=f"PSS, {label}", label=name, unit=MEBIBYTES)
        yield Reading(figure=resident, value=memory.resident / _BYTES)
        yield Reading(figure=proportional, value=memory.proportional / _BYTES)


PLAN: Final = Plan(
    name="memory",
    title=f"Memory: each process, idle and with {_IN_FLIGHT} calls in flight in one worker",
    notes=(
        "RSS counts the pages that processes share in each of them, PSS shares them out. The api has two processes, both counted. "
        "The worker has 64 threads."
    ),
    setting=Setting(send_threads=64),
    subjects=(figures.ANTAR,),
    make=InFlight,
)

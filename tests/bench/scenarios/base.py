"""What a scenario is, and how much is done in it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from tests.bench.bed import Bed, Setting
from tests.bench.figures import Figure, Reading

PER_SECOND: Final = "/s"
MILLISECONDS: Final = "ms"
MICROSECONDS: Final = "us"
MEBIBYTES: Final = "MiB"
TIMES: Final = "x"


@dataclass(frozen=True, kw_only=True, slots=True)
class Effort:
    """How much is done."""

    runs: int
    seconds: float
    """How long one measurement takes, about."""
    rows: Sequence[int]
    """Numbers of sends that tables are filled with."""
    scheduled: Sequence[int]
    """Numbers of scheduled sends that they are filled with."""


class Scenario(Protocol):
    """Something that is measured."""

    def warm_up(self) -> None:
        """Do what is to be measured until it costs what it always does."""

    def measure(self, subject: str, run: int) -> Iterator[Reading]:
        """Give the readings of a subject in one run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is known of a scenario before it runs."""

    name: str
    title: str
    notes: str
    """How to read its figures."""
    setting: Setting
    """The bed that it is measured on: a fresh one, or one that another scenario with the same setting has used."""
    subjects: Sequence[str]
    make: Callable[[Bed, Effort], Scenario]


def cpu_readings(key: str, label: str, cpu: Mapping[str, float]) -> Iterator[Reading]:
    """Give what each process spent on one send."""
    for name, microseconds in cpu.items():
        figure = Figure(key=f"{key}.cpu.{name}", group=f"CPU per send, {label}", label=name, unit=MICROSECONDS, is_part=True)
        yield Reading(figure=figure, value=microseconds)

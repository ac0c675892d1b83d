"""Figures: what is measured, over several runs, and what was aimed for. Nothing here measures."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

ANTAR: Final = "antar"
NAIVE: Final = "naive"
LIMIT: Final = "limit"
SUBJECTS: Final = (ANTAR, NAIVE, LIMIT)
"""Whose figures stand side by side; the last two are what antar is measured against."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Aim:
    """A bound on antar's figure, or on its ratio to a baseline's."""

    bound: float
    at_least: bool = False
    """Whether the bound is the least that will do; else it is the most."""
    against: str | None = None
    """The baseline that the ratio is to; None when the figure itself is bounded."""

    def is_met(self, value: float) -> bool:
        """Tell whether a figure or ratio keeps within the bound."""
        return value >= self.bound if self.at_least else value <= self.bound


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """Something that is measured."""

    key: str
    """Its name for scripts, unique in its scenario."""
    group: str
    """What it is a case of: figures of a group have the same unit, and are drawn together."""
    label: str
    """Which case."""
    unit: str
    aims: tuple[Aim, ...] = ()
    is_part: bool = False
    """Whether the figures of its group are parts of a whole."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What a figure came to, once."""

    figure: Figure
    value: float


Run = Mapping[str, Sequence[Reading]]
"""The readings of one run, by subject; of a subject no figure has two."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """A figure over several runs."""

    median: float
    lowest: float
    highest: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A figure with all that is known of it: each subject's spread, and antar's ratio to each baseline."""

    figure: Figure
    spreads: Mapping[str, Spread]
    ratios: Mapping[str, Spread]

    def judged(self, aim: Aim) -> bool | None:
        """Tell whether the median keeps to an aim; None when it was not measured."""
        found = self.ratios.get(aim.against) if aim.against else self.spreads.get(ANTAR)
        return None if found is None else aim.is_met(found.median)


def percentile(values: Iterable[float], percent: float) -> float:
    """Give the least value that so many percent of the values do not exceed. Raises :class:`ValueError` without any."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values to give a percentile of")
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]


def spread(values: Sequence[float]) -> Spread:
    """Give the median of a figure's values and what they lie between."""
    return Spread(median=statistics.median(values), lowest=min(values), highest=max(values))


def lines(runs: Sequence[Run]) -> list[Line]:
    """Put the runs together: a line for each figure, by groups, each in the order of its first readings."""
    values = [{subject: _by_key(readings) for subject, readings in run.items()} for run in runs]
    return [_line(figure, values) for figure in _figures(runs)]


def _by_key(readings: Iterable[Reading]) -> dict[str, float]:
    return {reading.figure.key: reading.value for reading in readings}


def _figures(runs: Sequence[Run]) -> list[Figure]:
    """Give each figure once, antar's before those that only a baseline has, and those of a group beside one another."""
    readings = (reading for subject in SUBJECTS for run in runs for reading in run.get(subject, ()))
    found = {reading.figure.key: reading.figure for reading in readings}
    groups = list(dict.fromkeys(figure.group for figure in found.values()))
    return sorted(found.values(), key=lambda figure: groups.index(figure.group))


def _line(figure: Figure, runs: Sequence[Mapping[str, Mapping[str, float]]]) -> Line:
    found = {subject: [run.get(subject, {}).get(figure.key) for run in runs] for subject in SUBJECTS}
    spreads = {subject: spread(known) for subject, values in found.items() if (known := _known(values))}
    ratios = {subject: _ratios(found[ANTAR], found[subject]) for subject in SUBJECTS[1:]}
    return Line(figure=figure, spreads=spreads, ratios={subject: spread(each) for subject, each in ratios.items() if each})


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _ratios(ours: Sequence[float | None], theirs: Sequence[float | None]) -> list[float]:
    """Divide run by run: a machine that was slow in one run was slow for both."""
    return [own / other for own, other in zip(ours, theirs, strict=True) if own is not None and other]

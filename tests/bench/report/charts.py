"""What the picture of a scenario shows: a panel for each group of figures, with bars for each subject."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from tests.bench.figures import SUBJECTS, Aim, Line, Spread


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """A subject's spread."""

    subject: str
    spread: Spread


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A figure's bars, from top to bottom."""

    label: str
    bars: tuple[Bar, ...]
    aims: tuple[float, ...]
    """Bounds of antar's figure, in the panel's unit: those on a ratio are put where the baseline's median puts them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """A group of figures, side by side."""

    title: str
    unit: str
    places: tuple[Place, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stack:
    """A group of figures that are parts of a whole: a bar for each subject, made of the medians of its parts."""

    title: str
    unit: str
    bars: Mapping[str, Mapping[str, float]]


def panels(lines: Sequence[Line]) -> list[Panel | Stack]:
    """Give the panels, in the order of the lines."""
    groups = groupby(lines, key=lambda line: (line.figure.group, line.figure.unit, line.figure.is_part))
    return [
        _stack(title, unit, list(group)) if is_part else Panel(title=title, unit=unit, places=tuple(map(_place, group)))
        for (title, unit, is_part), group in groups
    ]


def _stack(title: str, unit: str, lines: Sequence[Line]) -> Stack:
    bars = {subject: _parts(lines, subject) for subject in SUBJECTS if any(subject in line.spreads for line in lines)}
    return Stack(title=title, unit=unit, bars=bars)


def _parts(lines: Sequence[Line], subject: str) -> dict[str, float]:
    """Give the parts that there is something of."""
    medians = {line.figure.label: line.spreads[subject].median for line in lines if subject in line.spreads}
    return {part: median for part, median in medians.items() if median > 0}


def _place(line: Line) -> Place:
    bars = tuple(Bar(subject=subject, spread=line.spreads[subject]) for subject in SUBJECTS if subject in line.spreads)
    return Place(label=line.figure.label, bars=bars, aims=_bounds(line))


def _bounds(line: Line) -> tuple[float, ...]:
    return tuple(bound for aim in line.figure.aims if (bound := _bound(aim, line)) is not None)


def _bound(aim: Aim, line: Line) -> float | None:
    """Give where a bound is; None when it is on a ratio to what was not measured."""
    if aim.against is None:
        return aim.bound
    baseline = line.spreads.get(aim.against)
    return None if baseline is None else aim.bound * baseline.median

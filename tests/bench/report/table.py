"""The table of a scenario: a line for each figure, antar beside what it is measured against."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from rich.table import Table

from tests.bench.figures import LIMIT, NAIVE, SUBJECTS, Aim, Line, Spread

COLUMNS: Final = (*SUBJECTS, f"/ {NAIVE}", f"/ {LIMIT}", "aim")
"""Those after the figure's name, antar's ratios among them; one that has nothing to say is left out."""
_DIGITS: Final = ((100, 0), (10, 1))
"""How many digits after the point are left of figures from a size on."""
_MOST_DIGITS: Final = 2
_LEAST_WIDTH: Final = 7

Row = tuple[str, ...]


def table(title: str, notes: str, lines: Sequence[Line]) -> Table:
    """Draw the table of a scenario."""
    rows = [_row(line) for line in lines]
    said = [column for column in range(len(COLUMNS) + 1) if any(row[column] for row in rows)]
    drawn = Table(title=title, caption=notes, title_justify="left", caption_justify="left")
    for column in said:
        is_text = column in (0, len(COLUMNS))
        drawn.add_column(
            ("", *COLUMNS)[column], justify="left" if is_text else "right", no_wrap=not is_text, min_width=_LEAST_WIDTH
        )
    for name, group in groupby(zip(lines, rows, strict=True), key=lambda pair: heading(pair[0])):
        drawn.add_row(f"[bold]{name}")
        for _, row in group:
            drawn.add_row(*(row[column] for column in said))
        drawn.add_section()
    return drawn


def heading(line: Line) -> str:
    """Name the group of a figure, and its unit."""
    return f"{line.figure.group} ({line.figure.unit})"


def _row(line: Line) -> Row:
    spreads = (_spread(line.spreads.get(subject)) for subject in SUBJECTS)
    ratios = (_ratio(line.ratios.get(subject)) for subject in SUBJECTS[1:])
    return (f"  {line.figure.label}", *spreads, *ratios, aims(line))


def _spread(spread: Spread | None) -> str:
    """Write the median, and what the runs lie between."""
    if spread is None:
        return ""
    between = "" if spread.lowest == spread.highest else f" ({number(spread.lowest)}-{number(spread.highest)})"
    return f"{number(spread.median)}{between}"


def _ratio(spread: Spread | None) -> str:
    return "" if spread is None else f"{spread.median:.2f}"


def number(value: float) -> str:
    """Write a figure with as many digits as tell it apart from its like, thousands set apart by a space."""
    digits = next((digits for size, digits in _DIGITS if abs(value) >= size), _MOST_DIGITS)
    return f"{value:,.{digits}f}".replace(",", " ")


def aims(line: Line) -> str:
    """Say what was aimed for, and whether it was reached."""
    return "\n".join(f"{_aim(aim)}: {_verdict(line.judged(aim))}" for aim in line.figure.aims)


def _aim(aim: Aim) -> str:
    sign = "at least" if aim.at_least else "at most"
    return f"{sign} {aim.bound:g}" + (f" x {aim.against}" if aim.against else "")


def _verdict(is_met: bool | None) -> str:  # noqa: FBT001 - a verdict, or the lack of one.
    return {True: "reached", False: "missed", None: "not measured"}[is_met]


def missed(lines: Iterable[Line]) -> list[str]:
    """Name what was aimed for and missed."""
    return [
        f"{heading(line)}, {line.figure.label}: {_aim(aim)}"
        for line in lines
        for aim in line.figure.aims
        if line.judged(aim) is False
    ]

"""Pictures of scenarios, drawn by matplotlib."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib import pyplot as plt

from tests.bench.figures import ANTAR, LIMIT, NAIVE, SUBJECTS
from tests.bench.report.charts import Panel, Place, Stack
from tests.bench.report.table import number

_COLOURS: Final = {ANTAR: "#1f6f8b", NAIVE: "#d98e04", LIMIT: "#9aa5b1"}
_AIM: Final = "#c0392b"
_PARTS: Final = "Set2"
"""The colours of parts, by their name in matplotlib."""
_WIDTH: Final = 10.0
_ROW: Final = 0.24
_BETWEEN: Final = 0.8
"""Inches: the picture's width, a bar's height, and what a panel needs beside its bars."""
_GAP: Final = 0.7
"""What is left free between two figures, in bars."""
_BAR: Final = 0.8
_ROOM: Final = 1.15
"""How far an axis goes beyond its longest bar, so that the bar's number has room."""


def draw(path: Path, title: str, panels: Sequence[Panel | Stack]) -> None:
    """Draw a scenario's panels below one another."""
    mpl.use("Agg")
    heights = [_BETWEEN + _ROW * _rows(panel) for panel in panels]
    size = (_WIDTH, sum(heights) + _BETWEEN)
    figure, axes = plt.subplots(len(panels), 1, figsize=size, height_ratios=heights, layout="constrained", squeeze=False)
    for panel, (axis,) in zip(panels, axes, strict=True):
        _frame(axis, panel)
        if isinstance(panel, Stack):
            _stack(axis, panel)
        else:
            _panel(axis, panel)
    figure.suptitle(title, fontweight="bold")
    _legend(figure, panels)
    figure.savefig(path, dpi=100)
    plt.close(figure)


def _rows(panel: Panel | Stack) -> float:
    if isinstance(panel, Stack):
        return len(panel.bars) + _GAP
    return sum(len(place.bars) + _GAP for place in panel.places)


def _frame(axis: Any, panel: Panel | Stack) -> None:
    axis.set_title(f"{panel.title} ({panel.unit})", loc="left", fontsize="medium")
    axis.set_ylim(_rows(panel) - (1 + _GAP) / 2, -(1 + _GAP) / 2)
    axis.grid(axis="x", alpha=0.3)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)


def _panel(axis: Any, panel: Panel) -> None:
    top, ticks = 0.0, {}
    for place in panel.places:
        _place(axis, place, top)
        ticks[top + (len(place.bars) - 1) / 2] = place.label
        top += len(place.bars) + _GAP
    _limit(axis, [edge for place in panel.places for edge in (*place.aims, *(bar.spread.highest for bar in place.bars))])
    axis.set_yticks(list(ticks), list(ticks.values()))


def _place(axis: Any, place: Place, top: float) -> None:
    for row, bar in enumerate(place.bars):
        middle, spread = top + row, bar.spread
        axis.barh(middle, spread.median, height=_BAR, color=_COLOURS[bar.subject])
        axis.plot([spread.lowest, spread.highest], [middle, middle], color="black", linewidth=1)
        _annotate(axis, spread.median, spread.highest, middle)
    for aim in place.aims:
        axis.plot([aim, aim], [top - _BAR / 2, top + _BAR / 2], color=_AIM, linewidth=2)


def _annotate(axis: Any, value: float, end: float, middle: float) -> None:
    """Write a bar's number behind it."""
    axis.annotate(number(value), (max(end, 0), middle), xytext=(4, 0), textcoords="offset points", va="center", fontsize="small")


def _limit(axis: Any, edges: Sequence[float]) -> None:
    """Let the axis begin at 0, or below where a figure is: a percentile may lie below the provider's own time."""
    axis.set_xlim(min(0, *edges), max(edges) * _ROOM or 1)


def _stack(axis: Any, stack: Stack) -> None:
    parts = list(dict.fromkeys(part for found in stack.bars.values() for part in found))
    colours = dict(zip(parts, mpl.colormaps[_PARTS].colors, strict=False))
    for row, found in enumerate(stack.bars.values()):
        end = 0.0
        for part, value in found.items():
            axis.barh(row, value, left=end, height=_BAR, color=colours[part])
            end += value
        _annotate(axis, end, end, row)
    _limit(axis, [0, *(sum(found.values()) for found in stack.bars.values())])
    axis.set_yticks(range(len(stack.bars)), list(stack.bars))
    handles = [mpl.patches.Patch(color=colours[part], label=part) for part in parts]
    axis.legend(handles=handles, loc="upper left", bbox_to_anchor=(1, 1.1), frameon=False, fontsize="x-small")


def _legend(figure: Any, panels: Sequence[Panel | Stack]) -> None:
    places = [place for panel in panels if isinstance(panel, Panel) for place in panel.places]
    drawn = {bar.subject for place in places for bar in place.bars}
    handles: list[Any] = [mpl.patches.Patch(color=_COLOURS[subject], label=subject) for subject in SUBJECTS if subject in drawn]
    if any(place.aims for place in places):
        handles.append(mpl.lines.Line2D([], [], color=_AIM, linewidth=2, label="aim for antar"))
    handles.append(mpl.lines.Line2D([], [], color="black", linewidth=1, label="lowest to highest run"))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False, fontsize="small")

"""What is measured, a module each, in the order in which it is."""

from typing import Final

from tests.bench.scenarios import answer, delivery, events, growth, intake, lanes, memory, wakeup
from tests.bench.scenarios.base import Plan

ALL: Final[tuple[Plan, ...]] = (
    intake.PLAN,
    delivery.PLAN,
    answer.PLAN,
    wakeup.PLAN,
    memory.PLAN,
    events.PLAN,
    lanes.PLAN,
    growth.PLAN,
)
"""Those with the same setting stand beside one another, so that they are measured on the same bed."""

NAMES: Final = tuple(plan.name for plan in ALL)


def named(names: str) -> list[Plan]:
    """Give the scenarios of a comma-separated list. Raises :class:`ValueError` naming one that does not exist."""
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        raise ValueError(f"no scenario {unknown[0]!r}: there are {', '.join(NAMES)}")
    return [plan for plan in ALL if plan.name in wanted]

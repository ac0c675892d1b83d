"""Waiting for what is under way to end."""

import time
from collections.abc import Callable
from typing import Final

from tests.bench.errors import Overdue

_PATIENCE: Final = 180.0
_PAUSE: Final = 0.01


def until(done: Callable[[], bool], what: str, *, pause: float = _PAUSE) -> None:
    """Wait until something is done, looking every ``pause`` seconds. Raises :class:`Overdue` naming what was waited for."""
    deadline = time.monotonic() + _PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise Overdue(f"{what}: not within {_PATIENCE:.0f} s")
        time.sleep(pause)

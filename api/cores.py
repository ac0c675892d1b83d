"""Which core an api process runs on.

Only one thread of a process runs Python at a time. Where the threads have several cores they wake each other across them, only to
wait for their turn there: with as many busy processes as cores that costs more than it brings.
"""

import errno
import os
import socket
import sys
from collections.abc import Callable, Sequence
from itertools import count
from typing import Final

_held: Final[list[socket.socket]] = []
"""The place of this process, taken for as long as it lives."""


def keep_to_one() -> None:
    """Keep this process to one core of those it may use, another one than its siblings' while there are such. Only on Linux.

    To be called before its threads are started, which inherit it.
    """
    if sys.platform == "linux":
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {choose(cores, _take)})


def choose(cores: Sequence[int], take: Callable[[int], bool]) -> int:
    """Give the core of the first place that can be taken; the places go round the cores."""
    return next(cores[place % len(cores)] for place in count() if take(place))


def _take(place: int) -> bool:
    """Take a place among the siblings of this process, unless one of them has it: by a name that the kernel frees when it ends."""
    held = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        held.bind(f"\0antar-api-{os.getppid()}-{place}")
    except OSError as error:
        held.close()
        if error.errno != errno.EADDRINUSE:
            raise
        return False
    _held.append(held)
    return True

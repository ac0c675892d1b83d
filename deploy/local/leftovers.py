"""Ends what an earlier stack of the same home left running, when it was killed and could not stop its processes itself."""

import contextlib
import signal
from pathlib import Path

import psutil

from deploy.local import child, postgres

_SECONDS = 5
"""What each is given to end by itself before it is killed."""


def end(home: Path) -> int:
    """End every process that carries the mark of a home, PostgreSQL last, and say how many there were.

    To be called by the holder of the home's lock only: what runs then belongs to nobody.
    """
    found = _marked(home)
    servers = {process for process, name in found.items() if name == postgres.NAME}
    _stop(found.keys() - servers, signal.SIGTERM)
    _stop(servers, signal.SIGINT)
    return len(found)


def _marked(home: Path) -> dict[psutil.Process, str]:
    marked = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            environment = process.environ()
            if environment.get(child.MARK) == str(home):
                marked[process] = environment.get(child.MARK_NAME, "")
    return marked


def _stop(processes: set[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        _send(process, number)
    _, alive = psutil.wait_procs(processes, timeout=_SECONDS)
    for process in alive:
        _send(process, signal.SIGKILL)
    psutil.wait_procs(alive, timeout=_SECONDS)


def _send(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)

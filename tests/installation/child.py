"""Celery's own program in a process of its own, forked from one that has everything imported: so it starts in half a second."""

import ctypes
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Self

from shared.domain.channels import Channel
from tests.acceptance.backend import await_true
from tests.installation import crashing
from tests.installation.crashing import Crash

_PR_SET_PDEATHSIG: Final = 1
_START_SECONDS: Final = 60
_FORKS: Final = multiprocessing.get_context("forkserver")
_ADAPTERS: Final = [f"worker.channels.{channel}.adapter" for channel in Channel]
_FORKS.set_forkserver_preload(["worker.app", *_ADAPTERS, "celery.bin.celery", "celery.apps.worker", "celery.beat", __name__])

WORKER: Final = ("worker", "--pool", "threads", "-c", "8", "--loglevel", "INFO", "--without-gossip", "--without-mingle")
BEAT: Final = ("beat", "--loglevel", "INFO", "--pidfile", "")


class Child:
    """A worker or beat."""

    def __init__(self, environment: Mapping[str, str], arguments: Sequence[str], log: Path, crash: Crash | None = None) -> None:
        self.log = log
        self._process = _FORKS.Process(target=_run, args=(dict(environment), tuple(arguments), log, crash))
        self._process.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid or 0

    def logged(self, text: str) -> bool:
        """Tell whether it has written a text."""
        return self.log.exists() and text in self.log.read_text(errors="replace")

    def await_logged(self, text: str, seconds: float = _START_SECONDS) -> Self:
        """Wait until it has written a text."""
        await_true(lambda: self.logged(text) or not self._process.is_alive(), seconds)
        assert self.logged(text), self.log.read_text(errors="replace")
        return self

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def ended(self, seconds: float) -> int:
        """Wait for its end and give the exit code; that of a killed one is negative."""
        self._process.join(seconds)
        assert self._process.exitcode is not None, f"did not end within {seconds:.0f} s"
        return self._process.exitcode

    def end(self, number: signal.Signals, seconds: float) -> tuple[int, float]:
        """End it by a signal; give the exit code and how many seconds that took."""
        began = time.monotonic()
        self.send(number)
        return self.ended(seconds), time.monotonic() - began


def _run(environment: Mapping[str, str], arguments: Sequence[str], log: Path, crash: Crash | None) -> None:
    """Become Celery, in the process's own session and with its own log; it ends with the process it was forked from."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()
    os.environ.update(environment)
    with log.open("ab", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    if crash:
        crashing.arm(crash)
    from celery.__main__ import main  # noqa: PLC0415 - reads the environment.

    sys.argv = ["celery", "-A", "worker.app", *arguments]
    main()

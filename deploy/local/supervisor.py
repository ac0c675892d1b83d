"""Keeps processes running: what is wanted and does not run is started, and what dies is reported and started again."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from signal import SIGKILL, Signals

from deploy.local import errors
from deploy.local.child import Child
from deploy.local.home import Home
from deploy.local.process import Process

Report = Callable[[str], None]

START_SECONDS = 60.0
_TICK_SECONDS = 0.05
_STEADY_SECONDS = 30.0
_LONGEST_DELAY_SECONDS = 30.0
_FIRST_DELAY_SECONDS = 0.25
_MOST_DOUBLINGS = 10
_HOPELESS_DEATHS = 5


def unfailing(report: Report) -> Report:
    """Give the same report, which passes over a terminal that is gone: that is no reason to stop watching, or stopping."""

    def say(line: str) -> None:
        with contextlib.suppress(OSError):
            report(line)

    return say


def restart_delay(deaths: int) -> float:
    """Give the seconds to wait before a process is started after it died so many times in a row."""
    doublings = min(deaths - 1, _MOST_DOUBLINGS)
    return min(_LONGEST_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2.0**doublings)


@dataclass
class _Charge:
    """A child and what is intended for it. Other threads set `wanted`; the rest belongs to the watching thread."""

    child: Child
    wanted: bool = True
    deaths: int = 0
    due: float = 0.0


class Supervisor:
    """Starts, watches, restarts and stops the processes of one home.

    All are started by one thread, which lives as long as the supervisor: Linux ends such children with the thread that
    started them.
    """

    def __init__(self, home: Home, report: Report) -> None:
        self._home = home
        self._report = unfailing(report)
        self._lock = threading.Lock()
        self._charges: dict[str, _Charge] = {}
        self._closing = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._watcher.start()

    def launch(self, process: Process) -> None:
        """Start a process and keep it running from now on."""
        self._charges[process.name] = _Charge(Child(process, self._home))

    def await_ready(self, names: Iterable[str], seconds: float = START_SECONDS) -> None:
        """Wait until processes can be used.

        Raises:
            NotReady: one of them was not in time, or dies whenever it is started.
        """
        end = time.monotonic() + seconds
        for name in names:
            charge = self._charges[name]
            while not charge.child.is_ready():
                self._check_hope(charge, end)
                time.sleep(_TICK_SECONDS)

    def _check_hope(self, charge: _Charge, end: float) -> None:
        if charge.deaths >= _HOPELESS_DEATHS:
            raise errors.NotReady(_obituary(charge.child, "dies whenever it is started"))
        if time.monotonic() > end:
            raise errors.NotReady(_obituary(charge.child, "did not become ready in time"))

    def pid(self, name: str) -> int | None:
        """Give the process id, or None while the process does not run."""
        return self._charges[name].child.pid

    def process(self, name: str) -> Process:
        """Give what was launched under a name."""
        return self._charges[name].child.process

    def kill(self, name: str, number: Signals) -> None:
        """Send a signal to a process, which is started again if it dies of it; return from a SIGKILL when it has died."""
        child = self._charges[name].child
        pid = child.pid
        child.signal(number)
        while number == SIGKILL and child.pid == pid is not None:
            time.sleep(_TICK_SECONDS)

    def halt(self, *names: str) -> None:
        """Stop processes together, each by its own signal, and leave them stopped; kill those that take too long."""
        charges = [self._charges[name] for name in names if name in self._charges]
        for charge in charges:
            self._dismiss(charge)
        end = time.monotonic() + max((charge.child.process.stop_seconds for charge in charges), default=0)
        for charge in charges:
            self._await_end(charge.child, end)

    def _dismiss(self, charge: _Charge) -> None:
        with self._lock:
            charge.wanted = False
        charge.child.signal(charge.child.process.stop_signal)

    def _await_end(self, child: Child, end: float) -> None:
        while child.pid is not None:
            if time.monotonic() > end:
                self._report(f"{child.process.name} does not stop: killed")
                child.signal_group(SIGKILL)
                end = float("inf")
            time.sleep(_TICK_SECONDS)

    def close(self) -> None:
        """End the watching, when everything has been halted."""
        self._closing.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._closing.wait(_TICK_SECONDS):
            for charge in list(self._charges.values()):
                self._tend(charge)

    def _tend(self, charge: _Charge) -> None:
        with self._lock:
            exit_code = charge.child.bury()
            if exit_code is not None and charge.wanted:
                self._postpone(charge, f"died ({_describe(exit_code)}, see {charge.child.log})")
            if charge.child.pid is None and charge.wanted and time.monotonic() >= charge.due:
                self._start(charge)

    def _start(self, charge: _Charge) -> None:
        try:
            charge.child.start()
        except OSError as error:
            self._postpone(charge, f"could not be started ({error.strerror})")

    def _postpone(self, charge: _Charge, reason: str) -> None:
        charge.deaths = 1 if charge.child.age() > _STEADY_SECONDS else charge.deaths + 1
        delay = restart_delay(charge.deaths)
        charge.due = time.monotonic() + delay
        self._report(f"{charge.child.process.name} {reason}; starting it again in {delay:g} s")


def _describe(exit_code: int) -> str:
    return f"exit code {exit_code}" if exit_code >= 0 else f"signal {Signals(-exit_code).name}"


def _obituary(child: Child, what: str) -> str:
    tail = "\n".join(child.logged().splitlines()[-10:])
    return f"{child.process.name} {what}, see {child.log}\n{tail}".rstrip()

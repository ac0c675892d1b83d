"""One process of the stack while it runs: started into its own process group, logged, signalled, buried."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from deploy.local import identity
from deploy.local.home import Home
from deploy.local.process import Process

ROOT = Path(__file__).parents[2]
"""Where the packages are, so that `python -m` finds them whatever the folder `antar` was started in."""

LARGEST_LOG_BYTES = 20_000_000
MARK = "ANTAR_STACK"
"""The variable by which processes of a stack are recognised: the folder of the stack that started them."""
MARK_NAME = "ANTAR_PROCESS"
"""The variable that holds a process's name in its stack."""


def environment(home: Home, name: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Give the environment of a process: this process's own, what is its own, and the marks it is recognised by."""
    marks = {MARK: str(home.directory), MARK_NAME: name, "PYTHONUNBUFFERED": "1"}
    return {**os.environ, **variables, **marks}


class Child:
    """A process described, and its present incarnation if there is one."""

    def __init__(self, process: Process, home: Home) -> None:
        self.process = process
        self.log = home.log(process.name)
        self._pid_file = home.pid(process.name)
        self._home = home
        self._popen: subprocess.Popen[bytes] | None = None
        self._log_start = 0
        self._started = 0.0

    @property
    def pid(self) -> int | None:
        """The process id, or None when it does not run."""
        popen = self._popen
        return popen.pid if popen else None

    def start(self) -> None:
        """Start the process. It ends with the *thread* that calls this, which therefore has to live on."""
        rotate(self.log)
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            self._popen = subprocess.Popen(  # noqa: S603 - our own command
                identity.launched(self.process.command, self.process.identity, self.process.stop_signal, self.process.niceness),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(self._home, self.process.name, self.process.environment),
                cwd=ROOT,
                start_new_session=True,
            )
        self._started = time.monotonic()
        self._pid_file.write_text(f"{self._popen.pid}\n")

    def bury(self) -> int | None:
        """Give the exit code of a process that has ended, after ending what it left behind; None while it runs."""
        exit_code = self._popen.poll() if self._popen else None
        if exit_code is not None:
            self.signal_group(signal.SIGKILL)
            self._pid_file.unlink(missing_ok=True)
            self._popen = None
        return exit_code

    def age(self) -> float:
        """Give the seconds since the last start."""
        return time.monotonic() - self._started

    def is_ready(self) -> bool:
        """Tell whether the process runs and can be used."""
        return self._popen is not None and self.process.is_ready(self)

    def logged(self) -> str:
        """Give what the process has logged since it was started."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def signal(self, number: int) -> None:
        """Send a signal to the process, if it runs."""
        popen = self._popen
        if popen is not None:
            popen.send_signal(number)

    def signal_group(self, number: int) -> None:
        """Send a signal to the process and to those it started."""
        popen = self._popen
        if popen is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(popen.pid, number)


def rotate(log: Path) -> None:
    """Put a log that has grown large aside; the one before it goes."""
    if log.exists() and log.stat().st_size > LARGEST_LOG_BYTES:
        log.replace(log.with_name(log.name + ".1"))

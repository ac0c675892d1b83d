"""The processes of what antar is measured against: started, named by their ids, and all ended with the block."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import psutil

from deploy.local import errors, ports, readiness
from deploy.local.home import Home
from deploy.local.process import Process
from deploy.local.processes import python
from deploy.local.supervisor import Supervisor

_CONNECTIONS: Final = {"backlog": 2048, "backpressure": 1024}
"""As antar's api is given them."""


def granian(name: str, application: str, port: int, environment: Mapping[str, str], *, workers: int, threads: int) -> Process:
    """Describe a WSGI application, ``module:callable``, that granian serves with the options of antar's api."""
    options = {"interface": "wsgi", "host": ports.HOST, "port": port, "workers": workers, "blocking-threads": threads}
    arguments = [part for option, value in {**options, **_CONNECTIONS}.items() for part in (f"--{option}", str(value))]
    return Process(
        name=name,
        command=python("granian", "--no-access-log", *arguments, application),
        environment=environment,
        is_ready=readiness.http_ok(port, "/healthz"),
    )


class Children:
    """Processes whose logs are in one folder."""

    def __init__(self, directory: Path) -> None:
        self._deaths: list[str] = []
        self._supervisor = Supervisor(Home.prepare(directory), self._deaths.append)
        self._names: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop(*self._names)
        self._supervisor.close()

    def start(self, *described: Process) -> None:
        """Start processes and return when they can be used. Raises :class:`deploy.local.errors.NotReady`."""
        for process in described:
            self._supervisor.launch(process)
        self._names += [process.name for process in described if process.name not in self._names]
        self._supervisor.await_ready([process.name for process in described])

    def stop(self, *names: str) -> None:
        """Stop processes, at last by force."""
        self._supervisor.halt(*names)

    def check(self) -> None:
        """Find every process as it was started. Raises :class:`deploy.local.errors.NotReady` when one has died since."""
        if self._deaths:
            raise errors.NotReady("\n".join(self._deaths))

    def pids(self) -> dict[str, list[int]]:
        """Give the ids of what runs, by name; each with the processes it started."""
        running = {name: pid for name in self._names if (pid := self._supervisor.pid(name)) is not None}
        return {name: [each.pid for each in _family(pid)] for name, pid in running.items()}


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]

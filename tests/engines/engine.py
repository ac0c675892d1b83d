"""What the engines have in common."""

import importlib
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, cast

from deploy.local.home import Home
from deploy.local.process import Process
from deploy.local.supervisor import Supervisor

NAMES: Final = ("valkey", "sentinel", "pgbouncer", "rabbitmq")


def _undisturbed() -> None:
    pass


@dataclass(frozen=True, kw_only=True, slots=True)
class Engine:
    """Servers that run."""

    environment: Mapping[str, str]
    """The variables by which a stack finds them."""
    stop: Callable[[], None]
    disturb: Callable[[], None] = _undisturbed
    """Does at once to the servers what they are to survive; what follows of it happens by itself."""
    await_steady: Callable[[], None] = _undisturbed
    """Waits until all goes its usual way again."""


class Module(Protocol):
    """An engine's module."""

    @property
    def NEEDS(self) -> Sequence[str]:  # noqa: N802 - a module's constant.
        """The programs that must be installed."""
        ...

    def start(self, folder: Path) -> Engine:
        """Start servers with their state in a folder."""
        ...


def load(name: str) -> Module:
    """Give an engine's module."""
    return cast("Module", importlib.import_module(f"tests.engines.{name}"))


def program(name: str) -> Path | None:
    """Find a program, also where only administrators look for programs."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin")
    return Path(found) if found else None


def missing(module: Module) -> Sequence[str]:
    """Name the programs that an engine needs and this machine lacks."""
    return [name for name in module.NEEDS if program(name) is None]


class Servers:
    """The processes of an engine: started in order, started again when they die, and stopped the other way round."""

    def __init__(self, folder: Path) -> None:
        self.home = Home.prepare(folder)
        self._supervisor = Supervisor(self.home, self._report)
        self._names: list[str] = []

    def launch(self, process: Process) -> None:
        """Start a process, one that was killed for good too, and wait until it can be used."""
        self._names = [*(name for name in self._names if name != process.name), process.name]
        self._supervisor.launch(process)
        self._supervisor.await_ready([process.name])

    def kill(self, name: str) -> None:
        """Stop a process by the signal that it is described with, and leave it stopped."""
        self._supervisor.halt(name)

    def pid(self, name: str) -> int | None:
        """Give the id of a process, or None while it does not run."""
        return self._supervisor.pid(name)

    def stop(self) -> None:
        """Stop all of them."""
        for name in reversed(self._names):
            self._supervisor.halt(name)
        self._supervisor.close()

    def _report(self, line: str) -> None:
        with (self.home.directory / "report.log").open("a") as file:
            file.write(f"{line}\n")

"""Where a local stack keeps its state: one folder, `.antar` unless told otherwise."""

import os
from dataclasses import dataclass
from pathlib import Path

from deploy.local import errors

_PRIVATE = 0o700


@dataclass(frozen=True)
class Home:
    """The folder of one stack, by absolute path."""

    directory: Path

    @classmethod
    def prepare(cls, directory: Path) -> "Home":
        """Make the folder and its parts, readable by their owner alone.

        Raises:
            StackError: the folder cannot be made or belongs to somebody else.
        """
        home = cls(directory.absolute())
        try:
            for part in (home.directory, home.logs, home.pids, home.beat, home.flower, home.journal, home.files):
                part.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        except OSError as error:
            raise errors.StackError(f"cannot use {home.directory}: {error.strerror}") from error
        home.check_owner()
        return home

    def check_owner(self) -> None:
        """Refuse somebody else's folder: root could use it, and would leave files in it that its owner cannot.

        Raises:
            StackError: it is somebody else's.
        """
        owner = self.directory.stat().st_uid
        if owner != os.geteuid():
            raise errors.StackError(f"{self.directory} belongs to user {owner}; start the stack as that user or use another --home")

    @property
    def logs(self) -> Path:
        """One log file for each process."""
        return self.directory / "log"

    @property
    def pids(self) -> Path:
        """One pid file for each running process."""
        return self.directory / "run"

    @property
    def beat(self) -> Path:
        """When beat last ran what."""
        return self.directory / "beat"

    @property
    def flower(self) -> Path:
        """The tasks Flower remembers between two starts."""
        return self.directory / "flower"

    @property
    def metrics(self) -> Path:
        """What the processes have counted."""
        return self.directory / "metrics"

    @property
    def journal(self) -> Path:
        """What workers keep while PostgreSQL is away."""
        return self.directory / "journal"

    @property
    def files(self) -> Path:
        """What accounts upload."""
        return self.directory / "files"

    @property
    def postgres(self) -> Path:
        """The data directory of PostgreSQL."""
        return self.directory / "postgres"

    @property
    def redis(self) -> Path:
        """The data of the broker, a folder for each server that wrote some."""
        return self.directory / "redis"

    @property
    def lock(self) -> Path:
        """Held by the stack that runs here; it names its process."""
        return self.directory / "lock"

    @property
    def ports(self) -> Path:
        """The ports chosen at the first start."""
        return self.directory / "ports.json"

    @property
    def credentials(self) -> Path:
        """The passwords and keys made at the first start."""
        return self.directory / "credentials.json"

    @property
    def demo(self) -> Path:
        """What scripts need to talk to the stack."""
        return self.directory / "demo.json"

    @property
    def environment(self) -> Path:
        """The variables of the stack's processes, for a shell: with them, `antar` commands are about this stack."""
        return self.directory / "env"

    @property
    def receivers(self) -> Path:
        """Where the sandbox posts webhooks to."""
        return self.directory / "receivers.json"

    def log(self, name: str) -> Path:
        """Give the log file of a process."""
        return self.logs / f"{name}.log"

    def pid(self, name: str) -> Path:
        """Give the pid file of a process."""
        return self.pids / f"{name}.pid"

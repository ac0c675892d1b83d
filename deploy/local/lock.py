"""One stack in one home: a file lock that ends with its holder, however that ends."""

import fcntl
import os
from pathlib import Path

from deploy.local import errors


class Lock:
    """An exclusive lock on a file, which holds the pid of the process that has it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            AlreadyRunning: another process has it.
        """
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            raise errors.AlreadyRunning(self._refusal()) from None
        os.truncate(file, 0)
        os.write(file, f"{os.getpid()}\n".encode())
        self._file = file

    def release(self) -> None:
        """Give the lock back; the file stays, so that nobody locks a file that is about to go."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _refusal(self) -> str:
        holder = self._path.read_text().strip() or "unknown"
        return f"a stack runs in {self._path.parent} already (pid {holder}); stop it, or choose another folder by --home"

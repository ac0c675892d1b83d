"""Who a server runs as. PostgreSQL refuses root, so root hands it to somebody else."""

import functools
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

SELF = "self"
NAMESPACE = "namespace"
LAUNCHER = Path(__file__).with_name("launch.py")


def launched(command: Sequence[str], identity: str = SELF, death_signal: int = signal.SIGTERM, niceness: int = 0) -> list[str]:
    """Give the command line which runs a command under an identity, as a child that dies with this process."""
    return [sys.executable, "-IS", str(LAUNCHER), str(os.getpid()), str(int(death_signal)), str(niceness), identity, *command]


def for_data(directory: Path) -> str:
    """Say who runs the server whose data are, or will be, in a directory.

    Root runs it in a user namespace, in which the folders stay closed to everybody else; where such namespaces are not
    permitted (many containers), as `nobody`; and what has been given to somebody before, as its owner.
    """
    if os.geteuid() != 0:
        return SELF
    owner = directory.stat() if directory.exists() else None
    if owner is not None and owner.st_uid != 0:
        return f"{owner.st_uid}:{owner.st_gid}"
    return NAMESPACE if namespaces_work() else _nobody()


def give(path: Path, identity: str) -> None:
    """Make a file or folder the identity's own; the folder around it becomes passable to it, and stays unlistable."""
    if ":" in identity:
        uid, gid = map(int, identity.split(":"))
        os.chown(path, uid, gid)
        path.parent.chmod(0o711)


@functools.cache
def namespaces_work() -> bool:
    """Try whether this process may make a user namespace."""
    command = launched([sys.executable, "-IS", "-c", ""], NAMESPACE)
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 - our own command


def _nobody() -> str:
    nobody = pwd.getpwnam("nobody")
    return f"{nobody.pw_uid}:{nobody.pw_gid}"

"""The data directory of a PostgreSQL of our own: made whole or not at all, and usable again after any crash."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import psutil

from deploy.local import errors, identity, servers

USER = "antar"

_PARTING_SECONDS = 5
"""What the processes of a killed server are given to notice."""


def major(data: Path) -> int | None:
    """Say which major version made a data directory; None when there is no such directory."""
    version = data / "PG_VERSION"
    return int(version.read_text()) if version.exists() else None


def prepare(server: servers.Server, data: Path, password: str) -> str:
    """Make the data directory if there is none, and say under which identity its server runs.

    Raises:
        ServerBroken: the data cannot be made.
    """
    runs_as = identity.for_data(data)
    if data.exists():
        clear_stale_lock(data)
    else:
        _make(server, data, password, runs_as)
    return runs_as


def _make(server: servers.Server, data: Path, password: str, runs_as: str) -> None:
    draft = data.with_name(data.name + ".new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    identity.give(draft, runs_as)
    with tempfile.NamedTemporaryFile("w", dir=data.parent) as password_file:
        password_file.write(password)
        password_file.flush()
        identity.give(Path(password_file.name), runs_as)
        _initdb(server, draft, Path(password_file.name), runs_as)
    # A directory under the final name is complete: an initdb that was interrupted leaves only a draft.
    draft.rename(data)


def _initdb(server: servers.Server, data: Path, password_file: Path, runs_as: str) -> None:
    options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--data-checksums", f"--username={USER}"]
    command = [str(server.beside("initdb")), f"--pgdata={data}", f"--pwfile={password_file}", *options]
    launched = identity.launched(command, runs_as)
    done = subprocess.run(launched, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode != 0:
        raise errors.ServerBroken(f"initdb failed as {runs_as}:\n{done.stdout}{done.stderr}".rstrip())


def clear_stale_lock(data: Path) -> None:
    """Remove the lock file of a server that was killed.

    PostgreSQL does so itself when the process id in it is gone; it cannot tell a program that has the id by now, or a
    corpse that nobody collects, from a server. Its processes all work in the data directory: while there is one, the
    lock stays.

    Raises:
        ServerBroken: a server still runs on the data.
    """
    lock = data / "postmaster.pid"
    if not lock.exists():
        return
    _, alive = psutil.wait_procs(_working_in(data), timeout=_PARTING_SECONDS)
    if alive:
        pids = ", ".join(str(process.pid) for process in alive)
        raise errors.ServerBroken(f"a PostgreSQL (processes {pids}) runs on {data} already; stop it first")
    lock.unlink()


def _working_in(folder: Path) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if _works_in(process, folder.resolve())]


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return Path(process.cwd()) == folder
    except (psutil.Error, OSError):
        return False

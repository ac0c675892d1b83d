"""``antar-serve``: become one of antar's processes.

It replaces itself by the program (exec): signals reach that itself, and its exit status is the process's.
"""

import argparse
import errno
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from pydantic import ValidationError

from deploy import processes
from shared import settings
from shared.figures import folder
from shared.settings import Settings


def main() -> NoReturn:
    """Become the process that the command line names; end with a line on standard error where that cannot be."""
    name = _parser().parse_args().process
    try:
        current = settings.get()
        program = processes.program(name, current)
        variables = {**program.variables, **os.environ, **_metrics(name, current)}
        _prepare_folder(variables)
    except (ValidationError, OSError) as error:
        sys.exit(f"antar-serve {name}: {_explain(error)}")
    os.execve(sys.executable, [sys.executable, "-m", program.module, *program.arguments], variables)  # noqa: S606 - no shell.


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="antar-serve", description="Become one of antar's processes, until it is told to stop.")
    parser.add_argument("process", choices=processes.NAMES)
    return parser


def _prepare_folder(variables: Mapping[str, str]) -> None:
    """Make the folder of beat's schedule. Raises :class:`OSError`."""
    if processes.BEAT_SCHEDULE in variables:
        Path(variables[processes.BEAT_SCHEDULE]).parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def _metrics(name: str, current: Settings) -> Mapping[str, str]:
    """Have the process count in ``ANTAR_METRICS_DIR``, as far as it is to count; where it cannot, it works without."""
    if name not in processes.COUNTING or not current.metrics_port:
        return {}
    try:
        _own_folder(current.metrics_dir)
    except OSError as error:
        reason = f"ANTAR_METRICS_DIR: cannot write to {current.metrics_dir}: {error.strerror}; going on without metrics of its own"
        print(f"antar-serve {name}: {reason}", file=sys.stderr)  # noqa: T201 - there is no log yet.
        return {}
    return {folder.VARIABLE: str(current.metrics_dir)}


def _own_folder(directory: Path) -> None:
    """Make a folder that is this user's alone. Raises :class:`OSError`."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if directory.stat().st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, "it is another user's")
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, "it is not writable")


def _explain(error: ValidationError | OSError) -> str:
    """Name what is wrong, without the value of a variable."""
    if isinstance(error, OSError):
        return f"{processes.BEAT_SCHEDULE}: cannot make {error.filename}: {error.strerror}"
    return settings.explain(error)


if __name__ == "__main__":
    main()

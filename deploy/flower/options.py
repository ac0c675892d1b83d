"""Flower's options, as they are where nobody says otherwise, and what it does not start without."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

DEFAULTS: Final[Mapping[str, str]] = {
    "FLOWER_ADDRESS": "127.0.0.1",
    "FLOWER_PORT": "5555",
    "FLOWER_DB": "/var/lib/antar/flower/tasks",
    "FLOWER_PERSISTENT": "true",
    # Milliseconds. What Flower saw since it last saved is all that it forgets when it is killed.
    "FLOWER_STATE_SAVE_INTERVAL": "30000",
    # They take some 8 MB on the disk, and half a second to save.
    "FLOWER_MAX_TASKS": "20000",
    # Seconds. Every container's workers have names of their own: those that are gone are not to stand beside those that are there.
    "FLOWER_PURGE_OFFLINE_WORKERS": "3600",
    # What operators do, they do by antar's own commands, which write down who did it.
    "FLOWER_READ_ONLY": "true",
    "FLOWER_TASKS_COLUMNS": "name,uuid,state,args,received,runtime,worker",
}

_AUTHENTICATION: Final = ("FLOWER_BASIC_AUTH", "FLOWER_AUTH")


class NotStarted(Exception):
    """Flower is not started with what it was given; the message says why, and quotes no password."""


def complete(given: Mapping[str, str]) -> dict[str, str]:
    """Add to the variables of a process those of Flower that it lacks.

    Raises:
        NotStarted: nobody would be asked for a password.
    """
    if not any(given.get(name) for name in _AUTHENTICATION):
        raise NotStarted("set FLOWER_BASIC_AUTH to user:password: without it everybody could look into Flower")
    if not all(_is_login(login) for login in given.get(_AUTHENTICATION[0], "").split(",") if login):
        raise NotStarted("FLOWER_BASIC_AUTH must be user:password, several with commas")
    return {**DEFAULTS, **given}


def prepare_folder(variables: Mapping[str, str]) -> None:
    """Make the folder of the tasks that Flower knows.

    Raises:
        NotStarted: it cannot be made.
    """
    folder = Path(variables["FLOWER_DB"]).absolute().parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise NotStarted(f"FLOWER_DB: cannot make the folder {folder}: {error.strerror}") from error


def _is_login(login: str) -> bool:
    user, _, password = login.partition(":")
    return bool(user and password)

"""All deployments run the same processes, with variables that exist, and give them the time to finish."""

import re
import tomllib
from collections.abc import Iterator
from typing import Final

import pytest
from celery.bin.celery import celery
from click import Command, Group
from flower.command import options as flower_options
from granian.cli import cli as granian

from deploy import processes
from deploy.flower import options as flower
from shared.settings import Settings
from tests.unit.deployments import sources

_PLACEHOLDERS: Final = {"ANTAR_VERSION"}
"""What Compose itself reads."""
_FINISHING: Final = ("api", *processes.QUEUES)
"""Processes that finish what they have begun."""

Commands = dict[str, list[str]]


def _units() -> Commands:
    lines = {name: sources.unit(name)["ExecStart"] for name in sources.units()}
    return {name: line.removeprefix("/opt/antar/bin/").split() for name, (line,) in lines.items()}


COMMANDS: Final[dict[str, Commands]] = {
    "compose": {name: service["command"] for name, service in sources.services().items()},
    "systemd": _units(),
    "kubernetes": {name: sources.container(pod)["command"] for name, pod in sources.pods().items()},
}


def variables(command: Command, prefix: str) -> Iterator[str]:
    """Give the variables that a command line reads its options from."""
    for parameter in command.params:
        named = parameter.envvar or f"{prefix}_{(parameter.name or '').upper()}"
        yield from [named] if isinstance(named, str) else named
    for name, inner in command.commands.items() if isinstance(command, Group) else ():
        yield from variables(inner, f"{prefix}_{name.upper()}")


KNOWN: Final = (
    {f"ANTAR_{name.upper()}" for name in Settings.model_fields}
    | set(variables(granian, "GRANIAN"))
    | set(variables(celery, "CELERY"))
    | {f"FLOWER_{name.upper()}" for name in flower_options.as_dict()}
)


@pytest.mark.parametrize("deployment", COMMANDS)
def test_every_process_runs_after_the_migration(deployment: str) -> None:
    commands = COMMANDS[deployment].values()
    assert sorted(command[-1] for command in commands if command[0] == "antar-serve") == sorted(processes.NAMES)
    assert [command for command in commands if command[0] != "antar-serve"] == [["antar", "migrate"]]


def test_the_programs_are_installed() -> None:
    project = tomllib.loads((sources.ROOT / "pyproject.toml").read_text())
    assert {command[0] for commands in COMMANDS.values() for command in commands.values()} <= set(project["project"]["scripts"])


@pytest.mark.parametrize("kind", sources.KINDS)
def test_every_variable_exists(kind: str) -> None:
    used = {name for _, text in sources.texts(kind) for name in re.findall(r"(?:ANTAR|GRANIAN|CELERY|FLOWER)_[A-Z_]*[A-Z]", text)}
    interpolated = set(
        re.findall(r"^(\w+_(?:LISTEN|PASSWORD))=", (sources.DEPLOY / "compose" / ".env.example").read_text(), re.MULTILINE)
    )
    assert used - KNOWN - interpolated == _PLACEHOLDERS & used


def test_what_processes_say_of_themselves_exists() -> None:
    said = {name for process in processes.NAMES for name in processes.program(process, Settings()).variables}
    assert said | set(flower.DEFAULTS) <= KNOWN


@pytest.mark.parametrize("name", _FINISHING)
def test_nobody_is_killed_who_is_still_finishing(name: str) -> None:
    (unit,) = (unit for unit, command in COMMANDS["systemd"].items() if command[-1] == name)
    (stop,) = sources.unit(unit)["TimeoutStopSec"]
    pod = sources.pods()[f"antar-{name}"]["spec"]
    begins_after = sources.container({"spec": pod}).get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    graces = (
        sources.seconds(sources.services()[name]["stop_grace_period"]),
        sources.seconds(stop),
        pod["terminationGracePeriodSeconds"] - begins_after,
    )
    assert min(graces) >= processes.STOP_SECONDS


@pytest.mark.parametrize("kind", sources.KINDS)
def test_no_secret_is_delivered(kind: str) -> None:
    """What is random in a password or a key of 32 bytes, in hexadecimal or base64."""
    secret = re.compile(r"\b[0-9a-f]{24,}\b|[A-Za-z0-9+/]{43}=")
    assert [path.name for path, text in sources.texts(kind) if secret.search(text)] == []

from collections import Counter
from itertools import chain
from pathlib import Path

import pytest

from deploy import processes as antar
from deploy.local import ports, processes
from deploy.local.home import Home
from deploy.local.process import Process

SECRETS = {"ANTAR_DATABASE_URL": "postgresql+psycopg://antar:dbpw@h/antar", "ANTAR_SECRET_KEYS": "local:KEY"}


@pytest.fixture
def described() -> dict[str, Process]:
    wiring = processes.Wiring(
        home=Home(Path("/home/x/.antar")),
        ports={name: 20_000 + number for number, name in enumerate(ports.NAMES)},
        environment=SECRETS,
        flower_password="flowerpw",
        api_workers=2,
        threads={"worker-send": 11, "worker-bulk": 12, "worker-events": 13},
    )
    return {process.name: process for process in processes.describe(wiring)}


def test_together_with_the_servers_they_are_all(described: dict[str, Process]) -> None:
    assert {"postgres", "redis", *described} == set(processes.NAMES)


def test_each_is_stopped_once_and_the_database_last() -> None:
    assert Counter(chain.from_iterable(processes.STOP_ORDER)) == Counter(processes.NAMES)
    assert processes.STOP_ORDER[0] == ("api",)
    assert processes.STOP_ORDER[-2:] == (("redis",), ("postgres",))


def test_api_and_workers_as_wired(described: dict[str, Process]) -> None:
    assert described["api"].environment["GRANIAN_WORKERS"] == "2"
    counts = {name: process.environment.get("CELERY_WORKER_CONCURRENCY") for name, process in described.items()}
    assert {name: int(count) for name, count in counts.items() if count} == {
        "worker-send": 11,
        "worker-bulk": 12,
        "worker-events": 13,
    }


def test_all_but_the_sandbox_are_what_every_deployment_runs(described: dict[str, Process]) -> None:
    served = {process.command[-1] for process in described.values() if "deploy.serve" in process.command}
    assert served == set(antar.NAMES) == set(described) - {"sandbox"}


def test_what_nobody_waits_for_stands_back(described: dict[str, Process]) -> None:
    standing_back = {name for name, process in described.items() if process.niceness > 0}
    assert standing_back == {"worker-bulk"}


def test_all_are_given_the_environment(described: dict[str, Process]) -> None:
    assert all(SECRETS.items() <= process.environment.items() for process in described.values())


def test_no_secret_stands_on_a_command_line(described: dict[str, Process]) -> None:
    lines = " ".join(chain.from_iterable(process.command for process in described.values()))
    assert not any(secret in lines for secret in ("dbpw", "KEY", "flowerpw"))


def test_flower_asks_for_a_password(described: dict[str, Process]) -> None:
    assert described["flower"].environment["FLOWER_BASIC_AUTH"] == "antar:flowerpw"

from collections import Counter
from itertools import chain
from pathlib import Path

import pytest

from deploy.local import ports, processes
from deploy.local.home import Home
from deploy.local.process import Process
from shared import queues

SECRETS = {"ANTAR_DATABASE_URL": "postgresql+psycopg://antar:dbpw@h/antar", "ANTAR_SECRET_KEYS": "local:KEY"}


@pytest.fixture
def described() -> dict[str, Process]:
    wiring = processes.Wiring(
        home=Home(Path("/home/x/.antar")),
        ports={name: 20_000 + number for number, name in enumerate(ports.NAMES)},
        environment=SECRETS,
        flower_password="flowerpw",
        api_workers=2,
        api_threads=7,
        send_threads=11,
        bulk_threads=12,
        events_threads=13,
    )
    return {process.name: process for process in processes.describe(wiring)}


def option(process: Process, name: str) -> str:
    return process.command[process.command.index(name) + 1]


def test_together_with_the_servers_they_are_all(described: dict[str, Process]) -> None:
    assert {"postgres", "redis", *described} == set(processes.NAMES)


def test_each_is_stopped_once_and_the_database_last() -> None:
    assert Counter(chain.from_iterable(processes.STOP_ORDER)) == Counter(processes.NAMES)
    assert processes.STOP_ORDER[0] == ("api",)
    assert processes.STOP_ORDER[-2:] == (("redis",), ("postgres",))


def test_every_queue_is_taken_by_one_worker(described: dict[str, Process]) -> None:
    workers = [process for name, process in described.items() if name.startswith("worker-")]
    taken = chain.from_iterable(option(worker, "-Q").split(",") for worker in workers)
    assert Counter(taken) == Counter(queue.value for queue in queues.Queue)


def test_threads_as_wired(described: dict[str, Process]) -> None:
    assert option(described["api"], "--blocking-threads") == "7"
    counts = [option(described[name], "-c") for name in ("worker-send", "worker-bulk", "worker-events")]
    assert counts == ["11", "12", "13"]


def test_what_nobody_waits_for_stands_back(described: dict[str, Process]) -> None:
    standing_back = {name for name, process in described.items() if process.niceness > 0}
    assert standing_back == {name for name, process in described.items() if "bulk" in process.command}


def test_all_are_given_the_environment(described: dict[str, Process]) -> None:
    assert all(SECRETS.items() <= process.environment.items() for process in described.values())


def test_no_secret_stands_on_a_command_line(described: dict[str, Process]) -> None:
    lines = " ".join(chain.from_iterable(process.command for process in described.values()))
    assert not any(secret in lines for secret in ("dbpw", "KEY", "flowerpw"))


def test_flower_asks_for_a_password(described: dict[str, Process]) -> None:
    assert described["flower"].environment["FLOWER_BASIC_AUTH"] == "antar:flowerpw"

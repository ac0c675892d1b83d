"""One process serves what all have counted; when it is killed another one does, and nothing that was counted is lost."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from deploy.local import ports
from shared.figures import folder
from tests.integration.figures import counting

_SECONDS = 60

Start = Callable[[], subprocess.Popen[str]]


@pytest.fixture
def port() -> int:
    return ports.choose(())


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    path = tmp_path / "metrics"
    path.mkdir()
    return path


@pytest.fixture
def start(port: int, directory: Path) -> Iterator[Start]:
    """Starts processes whose Postgres and whose broker are not there."""
    environment = {
        **os.environ,
        "ANTAR_METRICS_PORT": str(port),
        folder.VARIABLE: str(directory),
        "ANTAR_DATABASE_URL": f"postgresql+psycopg://antar@127.0.0.1:{ports.choose([port])}/antar",
        "ANTAR_BROKER_URL": f"redis://127.0.0.1:{ports.choose([port])}/0",
    }
    with ExitStack() as started:

        def one() -> subprocess.Popen[str]:
            command = [sys.executable, "-m", counting.__name__]
            process = subprocess.Popen(  # noqa: S603 - our own module.
                command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
            started.callback(_end, process)
            return process

        yield one


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def _count(process: subprocess.Popen[str], number: int) -> None:
    assert process.stdin
    assert process.stdout
    for _ in range(number):
        process.stdin.write("\n")
        process.stdin.flush()
        lines = iter(process.stdout.readline, "")
        assert any(line == "counted\n" for line in lines)


def _scrape(port: int) -> Mapping[tuple[str, str], float] | None:
    """Give every sample by its name and its last label; ``None`` while nobody serves."""
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=_SECONDS)
    except httpx.TransportError:
        return None
    families = text_string_to_metric_families(answer.raise_for_status().text)
    return {(sample.name, "".join(sample.labels.values())): sample.value for family in families for sample in family.samples}


def _holder(port: int, processes: list[subprocess.Popen[str]]) -> subprocess.Popen[str]:
    """Give the process that listens."""

    def listens(process: subprocess.Popen[str]) -> bool:
        connections = psutil.Process(process.pid).net_connections("tcp")
        return any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in connections)

    (found,) = filter(listens, processes)
    return found


def _await(port: int, found: Callable[[Mapping[tuple[str, str], float]], bool]) -> Mapping[tuple[str, str], float]:
    deadline = time.monotonic() + _SECONDS
    while True:
        scraped = _scrape(port)
        if scraped is not None and found(scraped):
            return scraped
        assert time.monotonic() < deadline, scraped
        time.sleep(0.2)


def test_another_one_takes_over_and_nothing_is_lost(start: Start, port: int, directory: Path) -> None:
    processes = [start(), start(), start()]
    for number, process in enumerate(processes, start=1):
        _count(process, number)
    alive, counted = ("antar_processes", "worker"), ("antar_recovered_total", "deliveries")
    before = _await(port, lambda scraped: scraped.get(alive) == 3)
    assert before[counted] == 6
    assert [before["antar_server_up", server] for server in ("postgres", "broker", "signals")] == [0, 0, 0]

    first = _holder(port, processes)
    first.kill()
    first.wait(_SECONDS)
    after = _await(port, lambda scraped: scraped.get(alive) == 2)
    assert after[counted] == 6
    assert _holder(port, [each for each in processes if each is not first]) in processes

    # Whoever starts cleans up after those that have ended.
    _count(start(), 1)
    _await(port, lambda scraped: scraped.get(alive) == 3 and scraped[counted] == 7)
    deadline = time.monotonic() + _SECONDS
    while len(list(directory.glob("counter_*.db"))) > 4:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert (_scrape(port) or {})[counted] == 7


def test_a_port_that_somebody_else_has_stops_nobody_from_working(start: Start, port: int, directory: Path) -> None:
    with socket.create_server(("127.0.0.1", port)):
        process = start()
        _count(process, 3)
        assert process.poll() is None
    assert _await(port, bool)["antar_recovered_total", "deliveries"] == 3
    assert list(directory.glob(f"counter_{process.pid}.db"))

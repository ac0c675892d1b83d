"""Who serves, and that nobody who asks can hold anything up."""

import errno
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from shared import health
from shared.consumption import Backlog
from shared.figures import endpoint, system
from shared.figures.endpoint import Endpoint
from shared.figures.folder import Folder
from shared.figures.system import System
from shared.health import Health
from shared.looks import Look
from shared.management import backlogs
from shared.management.backlogs import Backlogs, Due, Keys
from tests.unit.figures.conftest import Count

_BACKLOGS = Backlogs(
    due={"send": Due(number=3, oldest=1.5)},
    held=1,
    quarantined=2,
    webhooks=4,
    webhooks_oldest=9.0,
    inbox=5,
    keys=(Keys(channel="waba", status="suspended", code="sender_restricted", number=6),),
    campaigns={"running": 7},
)


_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Spares the reading of certificates."""


class _Busy(Exception):
    pass


@pytest.fixture
def _servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "_database", lambda: None)
    monkeypatch.setattr(health, "postgres", lambda _: Health())
    monkeypatch.setattr(backlogs, "look", lambda _: _BACKLOGS)
    monkeypatch.setattr(system, "_backlogs", lambda: [Backlog(queue="send", depth=8, untouched=2.0)])
    monkeypatch.setattr(system, "_ping", lambda: None)


@pytest.fixture
def served(folder: Folder, count: Count, monkeypatch: pytest.MonkeyPatch, _servers: None) -> Iterator[tuple[str, int]]:
    """An endpoint that serves, with what Postgres and the broker would say."""
    monkeypatch.setattr(endpoint, "_LONGEST", 0.5)
    monkeypatch.setattr(endpoint._Handler, "timeout", 0.5)
    count(11, 4)
    its = Endpoint(folder, lambda: None)
    server = endpoint._Server(("127.0.0.1", 0), its.page, its._tick)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield "127.0.0.1", server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def _get(served: tuple[str, int], path: str) -> httpx.Response:
    return httpx.get(f"http://{served[0]}:{served[1]}{path}", timeout=20, verify=_NO_TLS)


def test_what_is_served(served: tuple[str, int]) -> None:
    answer = _get(served, "/metrics?x=y")
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, "text/plain")
    lines = answer.text.splitlines()
    for line in (
        'antar_server_up{server="postgres"} 1.0',
        'antar_queue_due{queue="send"} 3.0',
        'antar_queue_tasks{queue="send"} 8.0',
        'antar_keys{channel="waba",code="sender_restricted",status="suspended"} 6.0',
        "antar_deliveries_held 1.0",
        'antar_recovered_total{what="deliveries"} 4.0',
        "# TYPE antar_intake_seconds histogram",
    ):
        assert line in lines
    assert (_get(served, "/healthz").text, _get(served, "/").status_code) == ("ok\n", 404)


def test_openmetrics_for_who_prefers_them(served: tuple[str, int]) -> None:
    answer = httpx.get(f"http://{served[0]}:{served[1]}/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert (answer.headers["Content-Type"].split(";")[0], answer.text.splitlines()[-1]) == ("application/openmetrics-text", "# EOF")


def test_those_who_say_nothing_hold_nobody_up_for_long(served: tuple[str, int]) -> None:
    silent = [socket.create_connection(served) for _ in range(2 * endpoint._MOST)]
    try:
        _await(lambda: _answers(served))
    finally:
        for each in silent:
            each.close()


def _answers(served: tuple[str, int]) -> bool:
    try:
        return _get(served, "/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_who_reads_or_writes_slowly_is_cut_off(served: tuple[str, int]) -> None:
    """Each byte is in time; all of them together are not."""
    with socket.create_connection(served) as slow:
        slow.settimeout(0.1)
        slow.sendall(b"GET /metrics HTTP/1.0\r\n")
        _await(lambda: not _goes_on(slow))


def _goes_on(slow: socket.socket) -> bool:
    try:
        slow.sendall(b"X: y\r\n")
        return slow.recv(1) != b""
    except TimeoutError:
        return True
    except OSError:
        return False


def test_a_folder_that_is_gone_leaves_what_else_is_known(served: tuple[str, int], directory: Path) -> None:
    for path in directory.iterdir():
        path.unlink()
    directory.rmdir()
    answer = _get(served, "/metrics")
    assert answer.status_code == 200
    assert 'antar_server_up{server="postgres"} 1.0' in answer.text
    assert "antar_recovered_total{" not in answer.text


@pytest.mark.parametrize(("number", "taken"), [(errno.EADDRINUSE, True), (errno.EADDRNOTAVAIL, False), (errno.EACCES, False)])
def test_a_port_that_another_process_has_is_no_trouble(number: int, taken: bool) -> None:  # noqa: FBT001 - a case of the table.
    assert endpoint.is_taken(OSError(number, "?")) is taken


def test_a_port_that_cannot_be_had_is_told_of_once(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(endpoint._log, "warning", lambda event, **_: told.append(event), raising=False)
    its = Endpoint(folder, lambda: None)
    for number in (errno.EACCES, errno.EACCES, errno.EADDRINUSE, errno.EADDRNOTAVAIL):
        its._miss(OSError(number, "?"))
    assert told == ["figures.not_serving"] * 2


def test_what_goes_wrong_in_it_ends_nothing(folder: Folder) -> None:
    its = Endpoint(folder, _fail)
    its._tick()
    its._tick()


def _fail() -> None:
    raise ZeroDivisionError


@pytest.mark.usefixtures("_servers")
@pytest.mark.parametrize("error", [OperationalError("", None, Exception()), ConnectionError()])
def test_a_server_that_is_away_is_told_and_the_others_too(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: object = None) -> None:
        raise error

    monkeypatch.setattr(health, "postgres", lambda _: Health(problem="away"))
    monkeypatch.setattr(backlogs, "look", away)
    found = {figure.name: values for figure, values in System().look().items()}
    assert found["antar_server_up"] == {("postgres",): 0, ("broker",): 1, ("signals",): 1}
    assert found["antar_queue_tasks"] == {("send",): 8}
    assert "antar_queue_due" not in found


@pytest.mark.usefixtures("_servers")
def test_a_server_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()
    monkeypatch.setattr(system, "_PATIENCE", 0.1)
    monkeypatch.setattr(system, "_ping", lambda: let_go.wait(20))
    found = {figure.name: values for figure, values in System().look().items()}
    let_go.set()
    assert found["antar_server_up"] == {("postgres",): 1, ("broker",): 1, ("signals",): 0}


@pytest.mark.usefixtures("_servers")
def test_a_bug_of_ours_is_not_taken_for_a_server_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "_ping", _fail)
    with pytest.raises(ZeroDivisionError):
        System().look()


def test_an_error_is_found_as_well_and_not_looked_for_again_at_once() -> None:
    looks: list[None] = []

    def look() -> None:
        looks.append(None)
        raise _Busy

    its = Look(look, fresh=60)
    found: list[Future[None]] = [its.begin() for _ in range(3)]
    for each in found:
        with pytest.raises(_Busy):
            each.result(10)
    assert len(looks) == 1


def _await(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)

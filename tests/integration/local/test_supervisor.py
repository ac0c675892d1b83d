import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import errors
from deploy.local import processes as table
from deploy.local.home import Home
from deploy.local.process import Process
from deploy.local.supervisor import Supervisor
from tests.integration.local import processes


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.prepare(tmp_path / "home")


@pytest.fixture
def endings(tmp_path: Path) -> Path:
    return tmp_path / "endings"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(home: Home, said: list[str]) -> Iterator[Supervisor]:
    supervising = Supervisor(home, said.append)
    yield supervising
    supervising.halt(*table.NAMES)
    supervising.close()


def start(supervisor: Supervisor, *wanted: Process) -> None:
    for process in wanted:
        supervisor.launch(process)
    supervisor.await_ready([process.name for process in wanted])


def pid(supervisor: Supervisor, name: str) -> int:
    found = supervisor.pid(name)
    assert found is not None
    return found


def test_a_running_process_has_its_pid_file_and_log(supervisor: Supervisor, home: Home, endings: Path) -> None:
    start(supervisor, processes.polite("api", endings))
    assert home.pid("api").read_text() == f"{supervisor.pid('api')}\n"
    assert home.log("api").read_text() == "ready\n"


def test_a_process_that_dies_is_reported_and_started_again(
    supervisor: Supervisor, home: Home, endings: Path, said: list[str]
) -> None:
    start(supervisor, processes.polite("api", endings))
    first = pid(supervisor, "api")
    supervisor.kill("api", signal.SIGKILL)
    supervisor.await_ready(["api"])
    assert pid(supervisor, "api") != first
    assert said == [f"api died (signal SIGKILL, see {home.log('api')}); starting it again in 0.25 s"]
    assert home.log("api").read_text() == "ready\nready\n"
    assert home.pid("api").read_text() == f"{supervisor.pid('api')}\n"


def test_the_exit_code_is_reported(supervisor: Supervisor, said: list[str]) -> None:
    supervisor.launch(processes.running("beat", processes.MORTAL))
    assert processes.eventually(lambda: len(said) >= 2)
    assert "exit code 3" in said[0]
    assert [re.findall(r"again in (\S+) s", line) for line in said[:2]] == [["0.25"], ["0.5"]]


def test_a_process_that_cannot_live_ends_the_wait(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.local.supervisor._HOPELESS_DEATHS", 2)
    supervisor.launch(processes.running("beat", "import sys; sys.exit('no such queue')"))
    with pytest.raises(errors.NotReady, match=r"beat dies whenever it is started[\s\S]*no such queue"):
        supervisor.await_ready(["beat"])


def test_a_process_that_never_gets_ready_ends_the_wait(supervisor: Supervisor) -> None:
    supervisor.launch(processes.running("beat", "import time; time.sleep(600)"))
    with pytest.raises(errors.NotReady, match="did not become ready in time"):
        supervisor.await_ready(["beat"], seconds=0.2)


def test_a_program_that_is_not_there_is_reported(supervisor: Supervisor, said: list[str], home: Home) -> None:
    supervisor.launch(Process(name="beat", command=("/no/such/program",), is_ready=lambda _running: False))
    assert processes.eventually(lambda: bool(said))
    assert "No such file" in home.log("beat").read_text()


def test_each_is_stopped_by_its_own_signal(supervisor: Supervisor, home: Home, endings: Path) -> None:
    start(
        supervisor,
        processes.polite("api", endings),
        processes.polite("postgres", endings, stop_signal=signal.SIGINT),
    )
    supervisor.halt("api")
    supervisor.halt("postgres")
    assert endings.read_text() == "api SIGTERM\npostgres SIGINT\n"
    assert list(home.pids.iterdir()) == []


def test_what_was_halted_stays_stopped(supervisor: Supervisor, endings: Path, said: list[str]) -> None:
    start(supervisor, processes.polite("api", endings), processes.polite("beat", endings))
    supervisor.halt("api")
    supervisor.kill("beat", signal.SIGKILL)
    supervisor.await_ready(["beat"])
    assert supervisor.pid("api") is None
    assert all(line.startswith("beat ") for line in said)


def test_what_does_not_stop_is_killed(supervisor: Supervisor, said: list[str]) -> None:
    start(supervisor, processes.running("worker-send", processes.STUBBORN, stop_seconds=0.1))
    stubborn = pid(supervisor, "worker-send")
    supervisor.halt("worker-send")
    assert processes.is_gone(stubborn)
    assert said == ["worker-send does not stop: killed"]


def test_what_a_killed_process_had_started_ends_with_it(supervisor: Supervisor, home: Home) -> None:
    start(supervisor, processes.running("api", processes.PARENT))
    grandchild = int(home.log("api").read_text().split()[1])
    supervisor.kill("api", signal.SIGKILL)
    assert processes.eventually(lambda: processes.is_gone(grandchild))


def test_a_terminal_that_is_gone_does_not_end_the_watching(home: Home, endings: Path) -> None:
    def report(_line: str) -> None:
        raise BrokenPipeError

    supervising = Supervisor(home, report)
    start(supervising, processes.polite("api", endings))
    supervising.kill("api", signal.SIGKILL)
    supervising.await_ready(["api"])
    supervising.halt("api")
    supervising.close()
    assert endings.read_text() == "api SIGTERM\n"


def test_its_own_log_only_tells_whether_a_process_is_ready(supervisor: Supervisor, home: Home) -> None:
    home.log("beat").write_text("ready, said the one before\n")
    supervisor.launch(processes.running("beat", "import time; time.sleep(600)"))
    with pytest.raises(errors.NotReady):
        supervisor.await_ready(["beat"], seconds=0.3)

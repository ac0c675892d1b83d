"""What is left when the process that runs a stack is killed: nothing, or what the next start ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from deploy.local import child, errors, identity, leftovers
from deploy.local.home import Home
from deploy.local.lock import Lock
from tests.integration.local import processes

SUPERVISE = """
import pathlib, sys, time
from deploy.local.home import Home
from deploy.local.supervisor import Supervisor
from tests.integration.local import processes
supervisor = Supervisor(Home.prepare(pathlib.Path(sys.argv[1])), print)
supervisor.launch(processes.polite("api", pathlib.Path(sys.argv[2])))
supervisor.await_ready(["api"])
print(supervisor.pid("api"), flush=True)
time.sleep(600)
"""

HOLD = """
import pathlib, sys, time
from deploy.local.lock import Lock
Lock(pathlib.Path(sys.argv[1])).acquire()
print("held", flush=True)
time.sleep(600)
"""


@contextmanager
def python(program: str, *arguments: str | Path, home: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    marks = {child.MARK: str(home), child.MARK_NAME: "api"} if home else {}
    command = [sys.executable, "-c", program, *map(str, arguments)]
    environment = {**os.environ, **marks}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=child.ROOT, env=environment) as process:  # noqa: S603 - a program of this file
        try:
            yield process
        finally:
            process.kill()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_its_processes_end_with_it_by_their_own_signal(tmp_path: Path) -> None:
    with python(SUPERVISE, tmp_path / "home", tmp_path / "endings") as stack:
        pid = int(first_line(stack))
        stack.kill()
    assert processes.eventually(lambda: processes.is_gone(pid))
    assert (tmp_path / "endings").read_text() == "api SIGTERM\n"


def test_its_lock_ends_with_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with python(HOLD, path) as holder:
        assert first_line(holder) == "held"
        with pytest.raises(errors.AlreadyRunning, match=rf"pid {holder.pid}\b"):
            Lock(path).acquire()
        holder.kill()
    lock = Lock(path)
    lock.acquire()
    lock.release()


def test_a_lock_given_back_can_be_taken(tmp_path: Path) -> None:
    first, second = Lock(tmp_path / "lock"), Lock(tmp_path / "lock")
    first.acquire()
    with pytest.raises(errors.AlreadyRunning):
        second.acquire()
    first.release()
    second.acquire()
    second.release()


def test_leftovers_of_this_home_are_ended_and_no_others(tmp_path: Path) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    with python(processes.STUBBORN, home=other) as kept, python(processes.note_ending("api", mine), home=mine) as left:
        assert {first_line(left), first_line(kept)} == {"ready"}
        assert leftovers.end(mine) == 1
        assert processes.is_gone(left.pid)
        assert kept.poll() is None
    assert mine.read_text() == "api SIGTERM\n"


def test_stubborn_leftovers_are_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "_SECONDS", 0.1)
    with python(processes.STUBBORN, home=tmp_path) as left:
        assert first_line(left) == "ready"
        assert leftovers.end(tmp_path) == 1
        assert processes.eventually(lambda: processes.is_gone(left.pid))


def test_every_process_carries_the_mark(tmp_path: Path) -> None:
    home = Home.prepare(tmp_path)
    marked = child.Child(processes.running("api", "import time; time.sleep(600)"), home)
    marked.start()
    assert marked.pid is not None
    environment = psutil.Process(marked.pid).environ()
    assert (environment[child.MARK], environment[child.MARK_NAME]) == (str(home.directory), "api")
    marked.signal(signal.SIGKILL)
    assert processes.eventually(lambda: marked.bury() is not None)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes identity")
@pytest.mark.parametrize("who", [identity.NAMESPACE, "65534:65534"])
def test_root_hands_over_to_an_unprivileged_user(who: str) -> None:
    if who == identity.NAMESPACE and not identity.namespaces_work():
        pytest.skip("user namespaces are not permitted here")
    command = identity.launched(["/bin/sh", "-c", "id -u"], who)
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - a command of this test
    assert said == "65534\n"

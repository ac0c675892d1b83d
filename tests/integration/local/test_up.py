"""`antar up` as a process at a terminal, with the two servers for its whole stack."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local import child, leftovers
from tests.integration.local import processes

UP = """
import signal, sys
from deploy.cli.up import up
from deploy.local import stack
if sys.argv.pop(1) == "background":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
whole = stack.Stack
stack.Stack = lambda home, report: whole(home, stack.Options(processes=("postgres", "redis"), migrate=False), report)
up()
"""


@contextmanager
def up(home: Path, how: str = "foreground") -> Iterator[subprocess.Popen[bytes]]:
    """Start it, with pipes that are read without a buffer: what is read ahead of a line would be missing at the end."""
    command = [sys.executable, "-c", UP, how, "--home", str(home), "--no-demo"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANTAR_")}
    pipe = subprocess.PIPE
    with subprocess.Popen(  # noqa: S603 - a program of this file
        command, stdout=pipe, stderr=pipe, bufsize=0, cwd=child.ROOT, env=environment, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def await_line(process: subprocess.Popen[bytes], text: str) -> list[str]:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.decode())
        if text in lines[-1]:
            return lines
    raise AssertionError(f"it ended without saying {text!r}: {lines}")


@pytest.mark.parametrize(
    ("number", "how"),
    [
        (signal.SIGINT, "foreground"),
        (signal.SIGINT, "background"),
        (signal.SIGTERM, "foreground"),
        (signal.SIGHUP, "foreground"),
    ],
)
def test_a_signal_stops_everything(tmp_path: Path, number: signal.Signals, how: str) -> None:
    with up(tmp_path, how) as process:
        await_line(process, "Ctrl-C stops everything")
        pids = [int(file.read_text()) for file in (tmp_path / "run").iterdir()]
        process.send_signal(number)
        await_line(process, "stopping")
        process.send_signal(number)
        said, complained = process.communicate(timeout=processes.PATIENCE_SECONDS)
    assert (process.returncode, said, complained) == (0, b"stopped\n", b"")
    assert len(pids) == 2
    assert all(processes.is_gone(pid) for pid in pids)
    assert list((tmp_path / "run").iterdir()) == []
    assert leftovers.end(tmp_path) == 0


def test_a_second_one_in_the_same_home_says_why_not(tmp_path: Path) -> None:
    with up(tmp_path) as first:
        lines = await_line(first, "Ctrl-C stops everything")
        with up(tmp_path) as second:
            _, complained = second.communicate(timeout=processes.PATIENCE_SECONDS)
        assert second.returncode == 1
        assert complained.startswith(b"Error: a stack runs in")
        assert f"pid {first.pid}".encode() in complained
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=processes.PATIENCE_SECONDS)
    assert any("http://127.0.0.1:" in line for line in lines)

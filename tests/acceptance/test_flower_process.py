"""Flower as deployments run it: with a password, and with what it knew before it ended, however that was."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local import child, ports, processes
from deploy.local.stack import Stack
from tests.acceptance.backend import Backend, await_true

_LOGIN = ("watcher", "pa:ss")
_UNLISTENING = (httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError, httpx.ReadTimeout)


class Flower:
    """A Flower of its own, beside the stack's."""

    def __init__(self, process: "subprocess.Popen[bytes]", url: str) -> None:
        self.process = process
        self._http = httpx.Client(base_url=url, timeout=20)

    def status(self, path: str, auth: tuple[str, str] | None = None) -> int:
        """Give the status of an answer; 0 while there is none."""
        try:
            return self._http.get(path, auth=auth).status_code
        except _UNLISTENING:
            return 0

    def tasks(self) -> dict[str, dict[str, Any]]:
        """Give the tasks of sends that it knows."""
        answer = self._http.get("/api/tasks", params={"taskname": "send.deliver"}, auth=_LOGIN)
        tasks: dict[str, dict[str, Any]] = answer.raise_for_status().json()
        return tasks

    def shut_down_a_worker(self) -> int:
        return self._http.post("/api/worker/shutdown/nobody", auth=_LOGIN).status_code

    def end(self, number: signal.Signals) -> None:
        self._http.close()
        self.process.send_signal(number)
        self.process.wait(60)


@contextmanager
def _flower(stack: Stack, folder: Path) -> Iterator[Flower]:
    port = ports.choose(stack.ports.values())
    own = {"FLOWER_BASIC_AUTH": ":".join(_LOGIN), "FLOWER_PORT": str(port), "FLOWER_DB": str(folder / "known" / "tasks")}
    variables = {**os.environ, **stack.environment(), **own, "FLOWER_STATE_SAVE_INTERVAL": "500", "PYTHONWARNINGS": "ignore"}
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(processes.python("deploy.flower"), cwd=child.ROOT, env=variables, stdout=log, stderr=log)  # noqa: S603
    flower = Flower(process, f"http://{ports.HOST}:{port}")
    try:
        await_true(lambda: flower.status("/healthcheck") == 200, seconds=60)
        yield flower
    finally:
        flower.end(signal.SIGKILL)


def _saved(folder: Path) -> str:
    """Give what it has saved, and not what it is just saving."""
    return "".join(file.read_text("latin-1") for file in folder.iterdir() if ".tmp" not in file.name)


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_what_it_knew_outlasts_its_end(stack: Stack, backend: Backend, tmp_path: Path, ending: signal.Signals) -> None:
    with _flower(stack, tmp_path) as flower:
        assert flower.status("/api/tasks") == flower.status("/tasks") == flower.status("/api/tasks", ("watcher", "other")) == 401
        assert flower.status("/tasks", _LOGIN) == 200
        assert flower.shut_down_a_worker() == 403

        def sent() -> bool:
            backend.post(backend.send({"whatsapp": 0})).raise_for_status()
            return any(task["state"] == "SUCCESS" for task in flower.tasks().values())

        await_true(sent)
        known = {uuid for uuid, task in flower.tasks().items() if task["state"] == "SUCCESS"}
        await_true(lambda: all(uuid in _saved(tmp_path / "known") for uuid in known))
        flower.end(ending)
    with _flower(stack, tmp_path) as flower:
        assert known <= flower.tasks().keys()
        assert all(flower.tasks()[uuid]["args"].startswith("(['dlv_") for uuid in known)

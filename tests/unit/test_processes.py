"""What the deployments run: each process becomes its program, and every queue is taken by one of them."""

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import pytest

from deploy import processes, serve
from deploy.processes import Program
from shared import queues, settings
from shared.settings import Settings


class _Became(Exception):
    """Stands for the end of this program by exec."""


@pytest.fixture
def became(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str], dict[str, str]]]:
    calls: list[tuple[str, list[str], dict[str, str]]] = []

    def execve(path: str, arguments: list[str], variables: dict[str, str]) -> None:
        calls.append((path, arguments, variables))
        raise _Became

    monkeypatch.setattr(os, "execve", execve)
    return calls


def program(name: str) -> Program:
    return processes.program(name, Settings(api_threads=7))


def option(name: str, flag: str) -> str:
    arguments = program(name).arguments
    return arguments[arguments.index(flag) + 1]


def serving(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(sys, "argv", ["antar-serve", name])
    serve.main()


def test_every_queue_is_taken_by_one_worker() -> None:
    taken = chain.from_iterable(option(name, "-Q").split(",") for name in processes.QUEUES)
    assert Counter(taken) == Counter(queue.value for queue in queues.Queue)


def test_the_api_has_the_threads_that_its_settings_say() -> None:
    assert option("api", "--blocking-threads") == "7"


def test_nobody_is_killed_who_is_still_finishing() -> None:
    longest_wait = 60
    assert longest_wait < processes.FINISH_SECONDS < processes.STOP_SECONDS
    assert Settings.model_fields["shutdown_seconds"].default < processes.STOP_SECONDS


@pytest.mark.parametrize("name", processes.NAMES)
def test_a_process_is_replaced_by_its_program(
    name: str, monkeypatch: pytest.MonkeyPatch, became: list[tuple[str, list[str], dict[str, str]]], tmp_path: Path
) -> None:
    monkeypatch.setenv(processes.BEAT_SCHEDULE, str(tmp_path / "beat" / "schedule"))
    with pytest.raises(_Became):
        serving(monkeypatch, name)
    expected = processes.program(name, settings.get())
    assert became[0][:2] == (sys.executable, [sys.executable, "-m", expected.module, *expected.arguments])
    assert became[0][2] == {**expected.variables, **os.environ}


def test_beat_finds_the_folder_of_its_schedule(
    monkeypatch: pytest.MonkeyPatch, became: list[tuple[str, list[str], dict[str, str]]], tmp_path: Path
) -> None:
    monkeypatch.setenv(processes.BEAT_SCHEDULE, str(tmp_path / "deep" / "beat" / "schedule"))
    with pytest.raises(_Became):
        serving(monkeypatch, "beat")
    assert (tmp_path / "deep" / "beat").stat().st_mode & 0o777 == 0o700
    assert len(became) == 1


def test_a_folder_that_cannot_be_made_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(processes.BEAT_SCHEDULE, str(tmp_path / "file" / "beat" / "schedule"))
    with pytest.raises(SystemExit, match=r"^antar-serve beat: CELERY_BEAT_SCHEDULE: cannot make .*: Not a directory$"):
        serving(monkeypatch, "beat")


@pytest.fixture
def metrics_dir(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The folder of metrics, which processes are told to use."""
    monkeypatch.setenv("ANTAR_METRICS_PORT", "9464")
    monkeypatch.setenv("ANTAR_METRICS_DIR", str(tmp_path / "metrics"))
    monkeypatch.setenv(processes.BEAT_SCHEDULE, str(tmp_path / "schedule"))
    settings.get.cache_clear()
    yield tmp_path / "metrics"
    settings.get.cache_clear()


@pytest.mark.parametrize("name", processes.NAMES)
def test_the_api_and_the_workers_count_in_a_folder(
    name: str, metrics_dir: Path, monkeypatch: pytest.MonkeyPatch, became: list[tuple[str, list[str], dict[str, str]]]
) -> None:
    with pytest.raises(_Became):
        serving(monkeypatch, name)
    counts = name not in {"beat", "flower"}
    assert became[0][2].get("PROMETHEUS_MULTIPROC_DIR") == (str(metrics_dir) if counts else None)
    assert metrics_dir.exists() == counts
    assert not counts or metrics_dir.stat().st_mode & 0o777 == 0o700


def _another_user(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4711)


def _read_only(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)


def _a_file(_: pytest.MonkeyPatch, path: Path) -> None:
    path.touch()


@pytest.mark.parametrize(
    ("trouble", "told"), [(_another_user, "it is another user's"), (_read_only, "it is not writable"), (_a_file, "File exists")]
)
def test_without_a_folder_of_metrics_the_work_goes_on(
    trouble: Callable[[pytest.MonkeyPatch, Path], None],
    told: str,
    metrics_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    became: list[tuple[str, list[str], dict[str, str]]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    trouble(monkeypatch, metrics_dir)
    with pytest.raises(_Became):
        serving(monkeypatch, "worker-send")
    assert "PROMETHEUS_MULTIPROC_DIR" not in became[0][2]
    assert f"antar-serve worker-send: ANTAR_METRICS_DIR: cannot write to {metrics_dir}: {told}; going on" in capsys.readouterr().err


def test_a_wrong_setting_is_named_and_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTAR_API_THREADS", "many")
    settings.get.cache_clear()
    try:
        with pytest.raises(SystemExit, match=r"^antar-serve api: ANTAR_API_THREADS: [^']*$") as ended:
            serving(monkeypatch, "api")
    finally:
        settings.get.cache_clear()
    assert "many" not in str(ended.value)


def test_another_process_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        serving(monkeypatch, "worker-other")
    assert ended.value.code == 2
    assert "worker-events" in capsys.readouterr().err

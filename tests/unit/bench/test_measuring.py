import os
import subprocess
import sys

import psutil
import pytest

from tests.bench import load, processes, waits
from tests.bench.errors import Overdue, UnexpectedAnswer
from tests.bench.load import Answered, Measured

MEASURED = Measured(
    seconds=2,
    answers=[
        Answered(status=status, body=b"body of %d" % status, seconds=seconds, at=0)
        for status, seconds in ((202, 0.1), (202, 0.3), (503, 0.2), (202, 0.4))
    ],
)


def test_load_is_its_answers_over_its_time() -> None:
    assert (MEASURED.rate, MEASURED.percentile(50), MEASURED.percentile(99)) == (2, 200, 400)
    assert MEASURED.statuses == {202: 3, 503: 1}


def test_figure_of_refused_posts_is_none() -> None:
    with pytest.raises(UnexpectedAnswer, match=r"\{503: 1\}.*body of 503"):
        load.expect(MEASURED, 202)
    assert load.expect(MEASURED, 202, 503) is MEASURED


def test_cpu_is_counted_per_send_and_process() -> None:
    assert processes.spent({"api": 1.0, "load": 5.0}, {"api": 1.5, "load": 5.0}, 1000) == {"api": 500, "load": 0}


def test_process_that_has_gone_has_spent_nothing_more() -> None:
    assert processes.cpu({"worker": [2**22 + 1]})["worker"] == 0
    assert processes.cpu({"self": [os.getpid()]})["self"] > 0


def test_processes_are_stopped_for_the_time_of_the_block() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        with processes.frozen([child.pid]):
            waits.until(lambda: psutil.Process(child.pid).status() == psutil.STATUS_STOPPED, "it is stopped")
        waits.until(lambda: psutil.Process(child.pid).status() != psutil.STATUS_STOPPED, "it goes on")
        child.communicate(b"\n")
    assert child.returncode == 0


def test_what_never_ends_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "_PATIENCE", 0.0)
    with pytest.raises(Overdue, match="the last send: not within 0 s"):
        waits.until(lambda: False, "the last send")

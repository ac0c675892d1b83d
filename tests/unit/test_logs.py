"""What a process writes on standard error. Logging is set up for the whole process, so each test has one of its own."""

import json
import subprocess
import sys
from pathlib import Path
from select import PIPE_BUF
from textwrap import dedent
from typing import Any

import pytest

from shared import logs

HEAD = """
import logging, threading, uuid
import structlog
from shared import logs
logs.configure()
log = structlog.get_logger("ours")
"""


def lines(body: str) -> list[dict[str, Any]]:
    """Run code after logging is set up; give what it wrote, line by line."""
    code = HEAD + dedent(body)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own.
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_our_lines_and_the_librarys_have_one_form() -> None:
    ours, theirs = lines("log.warning('it.happened', count=1)\nlogging.getLogger('theirs').warning('it %s', 'happened')")
    assert (ours["event"], ours["count"], ours["logger"], ours["level"]) == ("it.happened", 1, "ours", "warning")
    assert (theirs["event"], theirs["logger"], theirs["level"]) == ("it happened", "theirs", "warning")
    assert ours["timestamp"].endswith("Z")
    assert theirs["timestamp"].endswith("Z")


def test_what_is_below_the_level_or_chatter_is_left_out() -> None:
    body = """
        log.debug('ours')
        logging.getLogger('theirs').debug('theirs')
        logging.getLogger('kombu').info('chatter')
        log.info('heard')
    """
    assert [line["event"] for line in lines(body)] == ["heard"]


@pytest.mark.parametrize("logger", ["log", "logging.getLogger('theirs')"])
def test_an_exception_brings_its_traceback(logger: str) -> None:
    (line,) = lines(f"try:\n    {{}}['missing']\nexcept KeyError:\n    {logger}.exception('it.failed')")
    assert (line["event"], line["level"]) == ("it.failed", "error")
    assert line["exception"].endswith("KeyError: 'missing'")


def test_what_json_does_not_know_is_written_as_python_would() -> None:
    (line,) = lines("log.info('odd', identifier=uuid.UUID(int=1), text='\\u00e4\\n')")
    assert (line["identifier"], line["text"]) == ("UUID('00000000-0000-0000-0000-000000000001')", "ä\n")


@pytest.mark.parametrize("lost", ["open('/dev/full', 'w', buffering=1)", "None"])
@pytest.mark.parametrize("logger", ["log", "logging.getLogger('theirs')"])
def test_who_cannot_be_heard_goes_on(lost: str, logger: str) -> None:
    body = f"""
        import sys
        logging.raiseExceptions = False
        heard, sys.stderr = sys.stderr, {lost}
        logging.root.handlers[0].setStream(sys.stderr)
        {logger}.warning('lost')
        sys.stderr = heard
        log.info('heard')
    """
    assert [line["event"] for line in lines(body)] == ["heard"]


def test_lines_stay_whole_whoever_writes_at_the_same_time() -> None:
    body = """
        def write(name):
            for number in range(200):
                log.info('ours', name=name, number=number)
                logging.getLogger('theirs').info('theirs')
        threads = [threading.Thread(target=write, args=(name,)) for name in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
    """
    written = lines(body)
    ours = {(line["name"], line["number"]) for line in written if line["event"] == "ours"}
    assert len(ours) == 1600
    assert len(written) == 3200


def test_a_command_writes_warnings_only_and_nothing_where_its_answer_stands() -> None:
    body = """
        logs.configure_command()
        log.info('chatter')
        log.warning('heard')
        print('answer')
    """
    code = HEAD.replace("logs.configure()", "") + dedent(body)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own.
    assert (done.stdout, [json.loads(line)["event"] for line in done.stderr.splitlines()]) == ("answer\n", ["heard"])


def gathered(body: str) -> list[str]:
    """Run code after logging is set up; give the events in the order in which they were written."""
    return [line["event"] for line in lines(body)]


def test_gathered_lines_are_written_in_their_order() -> None:
    body = """
        log.info('one')
        log.warning('two')
        log.info('three')
        logging.getLogger('theirs').info('four')
        log.info('five')
    """
    assert gathered(body) == ["one", "two", "three", "four", "five"]


def test_gathered_lines_are_written_while_the_process_goes_on() -> None:
    code = f"{HEAD}\nlog.info('heard')\ninput()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own.
        assert process.stdin
        assert process.stderr
        assert json.loads(process.stderr.readline())["event"] == "heard"
        process.communicate("\n")


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_no_gathered_line_is_lost_at_the_end_of_a_child(method: str, tmp_path: Path) -> None:
    """Servers start their workers so; a child that is forked ends without the interpreter's own farewell."""
    program = tmp_path / "program.py"
    serve = "def serve():\n    logs.configure()\n    log.info('served')\n"
    start = f"    child = multiprocessing.get_context('{method}').Process(target=serve)\n    child.start()\n    child.join()\n"
    head = HEAD.replace("logs.configure()", "import multiprocessing")
    program.write_text(f"{head}\n{serve}\nif __name__ == '__main__':\n{start}")
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, check=True)  # noqa: S603 - our own.
    assert [json.loads(line)["event"] for line in done.stderr.splitlines()] == ["served"]


def test_a_fork_leaves_to_its_parent_what_waits_there_and_writes_its_own() -> None:
    body = """
        import os
        log.info('of the parent')
        if child := os.fork():
            os.waitpid(child, 0)
        else:
            log.info('of the child')
            os._exit(0)
    """
    assert sorted(gathered(body)) == ["of the child", "of the parent"]


def test_lines_are_put_together_no_further_than_a_pipe_keeps_them_whole() -> None:
    lines = [f"{number:099d}\n" for number in range(100)]
    packed = list(logs.packed(lines))
    assert "".join(packed) == "".join(lines)
    assert {len(text) % 100 for text in packed} == {0}
    assert max(map(len, packed)) <= PIPE_BUF < max(map(len, packed)) + 100
    assert list(logs.packed(["a", "b" * PIPE_BUF, "c"])) == ["a", "b" * PIPE_BUF, "c"]
    assert list(logs.packed([])) == []


def test_gathered_lines_stay_whole_whoever_writes_at_the_same_time() -> None:
    body = """
        def write(name):
            for number in range(4000):
                log.info(f'{name} {number}')
        threads = [threading.Thread(target=write, args=(name,)) for name in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
    """
    written = gathered(body)
    assert len(written) == len(set(written)) == 32_000
    for name in range(8):
        own = [event for event in written if event.startswith(f"{name} ")]
        assert own == [f"{name} {number}" for number in range(4000)]

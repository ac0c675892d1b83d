"""Structured logs: one JSON object a line, on standard error. No address, body or token is ever given to a logger.

A process of antar does not write each line by itself: those that only inform wait, for a twentieth of a second at the
most, and are written together by a thread of its own. Warnings and errors are written at once, after what waits. A process that
ends writes what waits first, so that lines are lost by ``SIGKILL`` only, or a crash of the interpreter, and then no older ones.
"""

import json
import logging
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from multiprocessing import util
from select import PIPE_BUF
from typing import Final, TextIO

import structlog

_QUIET = ("kombu", "amqp", "telegram", "mail.log", "celery.app.trace", "celery.worker.strategy")
"""Loggers that would write a line per message or task, some with addresses in it."""
_PATIENCE: Final = 0.05
"""Seconds that a line waits for others at the most."""
_MOST: Final = 10_000
"""Lines that wait at the most: where nobody takes them, who has more to say waits with them."""

_ENCODER: Final = json.JSONEncoder(default=repr)


def _write(text: str) -> None:
    """Write whole lines: other threads write too. Where nobody takes them, on a full disk for example, the work goes on."""
    with suppress(Exception):
        sys.stderr.write(text)


class _Waiting:
    """Lines that wait to be written."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque()
        self._some = threading.Event()
        self._writing = threading.Lock()
        self._gathers = False

    def gather(self) -> None:
        """Have lines wait from here on, until the process ends. A child of it writes its own at once."""
        if self._gathers:
            return
        self._gathers = True
        os.register_at_fork(after_in_child=self._begin_anew)
        util.Finalize(None, self._end, exitpriority=0)
        threading.Thread(target=self._run, name="logs", daemon=True).start()

    def add(self, line: str) -> None:
        """Write a line soon."""
        self._lines.append(line)
        if not self._gathers or len(self._lines) >= _MOST:
            self.write()
        elif not self._some.is_set():
            self._some.set()

    def write(self) -> None:
        """Write all lines that wait, in their order."""
        with self._writing:
            for text in packed(self._taken()):
                _write(text)

    def _taken(self) -> Iterator[str]:
        while self._lines:
            yield self._lines.popleft()

    def _run(self) -> None:
        while True:
            self._some.wait()
            time.sleep(_PATIENCE)
            self._some.clear()
            self.write()

    def _end(self) -> None:
        self._gathers = False
        self.write()

    def _begin_anew(self) -> None:
        """Leave to the parent process what waits there."""
        self._lines.clear()
        self._writing = threading.Lock()
        self._gathers = False


def packed(lines: Iterable[str]) -> Iterator[str]:
    """Put lines together, as many as stay whole where several processes write to one pipe."""
    text = ""
    for line in lines:
        if text and len(text) + len(line) > PIPE_BUF:
            yield text
            text = ""
        text += line
    if text:
        yield text


class _Lines:
    """What a logger writes to. Our own lines, of which there is one per delivery, do not pass the standard library's logging."""

    def __init__(self, name: str = "") -> None:
        self.name = name

    def write(self, line: str) -> None:
        """Write a line."""
        _write(f"{line}\n")

    debug = info = warning = error = critical = write


_waiting: Final = _Waiting()


class _Gathered(_Lines):
    """What a logger of a process writes to, which gathers its lines."""

    def write(self, line: str) -> None:
        """Write a line, after what waits."""
        _waiting.add(f"{line}\n")
        _waiting.write()

    def add(self, line: str) -> None:
        """Write a line soon."""
        _waiting.add(f"{line}\n")

    debug = info = add
    warning = error = critical = write


class _Records(logging.StreamHandler[TextIO]):
    """Writes the standard library's records, after what waits."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one."""
        _waiting.write()
        super().emit(record)


def _render(_logger: object, _method: str, event: structlog.typing.EventDict) -> str:
    return _ENCODER.encode(event)


_PROCESSORS: Final[list[structlog.typing.Processor]] = [
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def configure() -> None:
    """Give structlog's lines and the standard library's records the same form, and gather those that only inform."""
    _configure_ours(logging.INFO, lines=_Gathered, lasting=True)
    _waiting.gather()
    handler = _Records(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_PROCESSORS, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _render]
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def configure_command() -> None:
    """Have a command write warnings on standard error, since its answer is what it writes on standard output."""
    _configure_ours(logging.WARNING, lines=_Lines, lasting=False)


def _configure_ours(level: int, *, lines: type[_Lines], lasting: bool) -> None:
    structlog.configure(
        processors=[*_PROCESSORS, _render],
        logger_factory=lines,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=lasting,
    )

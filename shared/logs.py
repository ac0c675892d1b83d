"""Structured logs: one JSON object a line, on standard error. No address, body or token is ever given to a logger."""

import json
import logging
import sys
from contextlib import suppress
from typing import Final

import structlog

_QUIET = ("kombu", "amqp", "telegram", "mail.log", "celery.app.trace", "celery.worker.strategy")
"""Loggers that would write a line per message or task, some with addresses in it."""

_ENCODER: Final = json.JSONEncoder(default=repr)


class _Lines:
    """What a logger writes to. Our own lines, of which there is one per delivery, do not pass the standard library's logging."""

    def __init__(self, name: str = "") -> None:
        self.name = name

    def write(self, line: str) -> None:
        """Write a line, whole: other threads write too. Where nobody takes it, on a full disk for example, the work goes on."""
        with suppress(Exception):
            sys.stderr.write(f"{line}\n")

    debug = info = warning = error = critical = write


def _render(_logger: object, _method: str, event: structlog.typing.EventDict) -> str:
    return _ENCODER.encode(event)


_PROCESSORS: Final[list[structlog.typing.Processor]] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def configure(level: int = logging.INFO) -> None:
    """Give structlog's lines and the standard library's records the same form."""
    _configure_ours(level, lasting=True)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_PROCESSORS, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _render]
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def configure_command() -> None:
    """Have a command write warnings on standard error, since its answer is what it writes on standard output."""
    _configure_ours(logging.WARNING, lasting=False)


def _configure_ours(level: int, *, lasting: bool) -> None:
    structlog.configure(
        processors=[*_PROCESSORS, _render],
        logger_factory=_Lines,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=lasting,
    )

"""The runtime of this process, from its start to its shutdown."""

import gc
import os
import threading
from typing import Final

import structlog

from worker.runtime.process import Process, Runtime

_log: Final = structlog.get_logger("worker")
_LAST_WORDS: Final = 3.0
"""Seconds a process that gives up has to put its outcomes on disk."""

_runtime: Runtime | None = None


def start() -> None:
    """Start the runtime, before the first task.

    What the process has until now, it has for good: the garbage collector's rounds leave it out from here on. With it, a round
    would stop all calls for a tenth of a second, and there is one in every thousand deliveries.
    """
    global _runtime  # noqa: PLW0603 - a process has one.
    _runtime = Runtime()
    gc.collect()
    gc.freeze()


def begin_stop(seconds: float) -> None:
    """Begin the end: nothing is waited for that can be left to others, and after so many seconds nothing at all."""
    if _runtime is None:
        return
    last = threading.Timer(seconds, _give_up, (_runtime,))
    last.daemon = True
    last.start()
    _runtime.stop_waiting()
    _log.info("worker.stopping", in_flight=_runtime.process.in_flight.count, within=seconds)


def stop() -> None:
    """Stop the runtime, after the last task."""
    global _runtime  # noqa: PLW0603 - likewise.
    if _runtime is not None:
        _runtime.close()
        _log.info("worker.stopped", left=_runtime.process.in_flight.count)
        _runtime = None


def get() -> Runtime:
    """Give the runtime. Raises :class:`RuntimeError` outside a worker."""
    if _runtime is None:
        raise RuntimeError("tasks run in a worker process only")
    return _runtime


def _give_up(runtime: Runtime) -> None:
    """End the process with calls under way: their leases run out. What is known of others is put on disk first."""
    try:
        on_disk = runtime.run(_spill(runtime.process), _LAST_WORDS)
        _log.error("worker.gave_up", left=runtime.process.in_flight.count, on_disk=on_disk)
    finally:
        os._exit(1)


async def _spill(process: Process) -> int:
    return process.writer.spill()

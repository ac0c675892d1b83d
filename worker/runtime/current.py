"""The runtime of this process, from its start to its shutdown."""

from worker.runtime.process import Runtime

_runtime: Runtime | None = None


def start() -> None:
    """Start the runtime, before the first task."""
    global _runtime  # noqa: PLW0603 - a process has one.
    _runtime = Runtime()


def stop() -> None:
    """Stop the runtime, after the last task."""
    global _runtime  # noqa: PLW0603 - likewise.
    if _runtime is not None:
        _runtime.close()
        _runtime = None


def get() -> Runtime:
    """Give the runtime. Raises :class:`RuntimeError` outside a worker."""
    if _runtime is None:
        raise RuntimeError("tasks run in a worker process only")
    return _runtime

"""What one thread waits for and another one settles."""

from threading import Lock
from typing import Generic, TypeVar

_Result = TypeVar("_Result")


class Promise(Generic[_Result]):
    """A future for one waiter, of two locks: :class:`concurrent.futures.Future` costs a request ten times as much."""

    __slots__ = ("_error", "_result", "_settled", "_taken")

    def __init__(self) -> None:
        self._taken = Lock()
        self._settled = Lock()
        self._settled.acquire()
        self._error: Exception | None = None

    def take(self) -> bool:
        """Begin to work on it; tells whether it is still waited for."""
        return self._taken.acquire(blocking=False)

    def keep(self, result: _Result) -> None:
        """Give the result, once."""
        self._result = result
        self._settled.release()

    def fail(self, error: Exception) -> None:
        """Have :meth:`result` raise an error instead."""
        self._error = error
        self._settled.release()

    def result(self, seconds: float) -> _Result:
        """Wait for the result: ``seconds`` for somebody to take it, then for as long as the work lasts.

        Raises :class:`TimeoutError` when nobody has; then nobody will. Otherwise raises what :meth:`fail` was given.
        """
        if not self._settled.acquire(timeout=seconds):
            if self.take():
                raise TimeoutError
            self._settled.acquire()
        if self._error is not None:
            raise self._error
        return self._result

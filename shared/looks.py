"""Looking at what may hang: never twice at once, and not more often than it is worth."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

Found = TypeVar("Found")


class Look(Generic[Found]):
    """One look: a server that hangs keeps one thread and not one for everybody who asks."""

    def __init__(self, look: Callable[[], Found], fresh: float) -> None:
        """Say how to look, and for how many seconds what was found answers others who ask."""
        self._look = look
        self._fresh = fresh
        self._lock = threading.Lock()
        self._found: Future[Found] | None = None
        self._fresh_until = 0.0

    def begin(self) -> Future[Found]:
        """Give what is being found, or was found just now; an error is found as well."""
        with self._lock:
            if self._found is None or (self._found.done() and time.monotonic() > self._fresh_until):
                self._found = Future()
                threading.Thread(target=self._make, args=(self._found,), name="look", daemon=True).start()
            return self._found

    def _make(self, found: Future[Found]) -> None:
        try:
            result = self._look()
        except Exception as error:  # noqa: BLE001 - it is for who asked.
            self._fresh_until = time.monotonic() + self._fresh
            found.set_exception(error)
        else:
            self._fresh_until = time.monotonic() + self._fresh
            found.set_result(result)

"""What an api process remembers of tokens, by their hashes, until it hears that one was revoked or its time is over."""

import math
import threading
import time
from typing import Generic, TypeVar

from shared import settings

_Owner = TypeVar("_Owner")


class Known(Generic[_Owner]):
    """Whose each token is, with the monotonic time until which that is trusted."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._entries: dict[bytes, tuple[float, _Owner]] = {}
        self.generation = 0
        """How often everything was forgotten."""

    def get(self, token_hash: bytes) -> _Owner | None:
        """Give whose a token is, if that is known."""
        entry = self._entries.get(token_hash)
        return entry[1] if entry and time.monotonic() < entry[0] else None

    def put(self, token_hash: bytes, owner: _Owner, generation: int, lasts: float = math.inf) -> None:
        """Keep what was read since ``generation``; what was read before everything was forgotten may be what was revoked.

        A token that ``lasts`` only so many seconds is trusted no longer.
        """
        with self._lock:
            if generation != self.generation:
                return
            if len(self._entries) >= self._most:
                self._entries.clear()
            self._entries[token_hash] = (time.monotonic() + min(settings.get().token_cache_seconds, lasts), owner)

    def clear(self) -> None:
        """Forget everything: one was revoked somewhere."""
        with self._lock:
            self.generation += 1
            self._entries.clear()

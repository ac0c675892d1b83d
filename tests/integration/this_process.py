"""antar's own functions called in the test's process, on a real database."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine

from shared import settings, vault
from shared.db import engine, migrate

_CACHES = (settings.get, engine.get, vault.get)


@contextmanager
def set_up(variables: Mapping[str, str]) -> Iterator[Engine]:
    """Let this process use an environment's servers, and give its engine; the database is migrated."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        _forget()
        own = engine.get()
        try:
            migrate.upgrade(own)
            yield own
        finally:
            own.dispose()
            _forget()


def _forget() -> None:
    for cache in _CACHES:
        cache.cache_clear()

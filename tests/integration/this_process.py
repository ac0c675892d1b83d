"""antar's own functions called in the test's process, on a real database."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine

from shared import settings, vault
from shared.db import engine, migrate

_CACHES = (settings.get, engine.get, vault.get)


def environment() -> dict[str, str]:
    """Give the variables of the servers to test against; skips the test when there are none."""
    url = os.environ.get("ANTAR_TEST_DATABASE_URL")
    if not url:
        pytest.skip("ANTAR_TEST_DATABASE_URL names no database to test against")
    return {
        "ANTAR_DATABASE_URL": url,
        "ANTAR_BROKER_URL": os.environ.get("ANTAR_TEST_BROKER_URL", "redis://127.0.0.1:6379/0"),
        "ANTAR_SECRET_KEYS": vault.new_key("test"),
    }


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

"""antar's own functions called in the test's process, on a real database."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import kombu.pools
import pytest
from sqlalchemy import Engine

from shared import queues, settings, vault
from shared.db import engine, migrate

_CACHES = (settings.get, engine.get, vault.get)


@contextmanager
def set_up(variables: Mapping[str, str]) -> Iterator[Engine]:
    """Let this process use an environment's servers, and give its engine; the database is migrated."""
    with pointed_at(variables):
        own = engine.get()
        try:
            migrate.upgrade(own)
            yield own
        finally:
            own.dispose()


@contextmanager
def pointed_at(variables: Mapping[str, str]) -> Iterator[None]:
    """Let this process read an environment, and afterwards again what it read before."""
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            _forget()
            try:
                yield
            finally:
                engine.get().dispose()
    finally:
        _forget()


def _forget() -> None:
    for cache in _CACHES:
        cache.cache_clear()
    _forget_broker()


def _forget_broker() -> None:
    """Let Celery's app, which reads its settings once, use the broker of the settings as they are now."""
    kombu.pools.reset()
    queues.app.close()
    queues.app.__dict__.pop("amqp", None)
    queues.app.conf.update(queues.configuration())
    settings.get.cache_clear()

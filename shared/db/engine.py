"""Connections to Postgres: one pool per process, of the kind the process needs."""

import json
import select
import time
from functools import lru_cache
from typing import Any, Final, TypeVar

import psycopg
import sqlalchemy
from psycopg.abc import PQGen
from pydantic_core import from_json
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from shared import settings
from shared.db import sessions

_Result = TypeVar("_Result")

_GIVE_UP_A_LOST_SERVER: Final = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000}
"""A machine that is gone does not say so, and TCP by itself waits for it for hours. In seconds, the last in milliseconds."""


class _Impatient(psycopg.Connection[Any]):
    """A connection that gives up on a server that is there and does not answer: no timeout of TCP or of the server's own would."""

    def wait(self, gen: PQGen[_Result], interval: float = 0.1, timeout: float | None = None) -> _Result:
        """Wait for an answer. Raises :class:`psycopg.OperationalError` and closes, since the answer may come yet."""
        patience = settings.get().database_timeout
        started = time.monotonic()
        try:
            return super().wait(gen, interval, patience if timeout is None else timeout)
        except psycopg.OperationalError:
            if time.monotonic() - started >= patience:
                self.close()
            raise


def _dumps(value: Any) -> str:
    """Write JSON compactly; antar's JSONB columns never hold what JSON cannot."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _options() -> dict[str, Any]:
    """Prepare every statement at once and plan it once: planning a claim over all partitions costs thrice its execution.

    Behind a pooler nothing is prepared: the next transaction may meet a server that knows nothing of it.

    Such a plan may be made while a partition is still empty, and has to do when it has grown: no table is read whole where it has
    an index to read it by. One that has none looks so dear then that a server would compile it, for seconds each time: none does.

    The connection used last is used next, so that few of them hold what was prepared. A process that stops inside a transaction
    loses it, and with it the locks that others wait for.
    """
    pooled = settings.get().database_pooled
    return {
        "pool_size": settings.get().database_connections,
        "pool_use_lifo": True,
        "max_overflow": 0,
        "hide_parameters": True,
        "json_serializer": _dumps,
        "json_deserializer": from_json,
        "connect_args": {
            "connect_timeout": 5,
            **_GIVE_UP_A_LOST_SERVER,
            **({"prepare_threshold": None} if pooled else {"prepare_threshold": 1, "options": sessions.options()}),
        },
    }


@lru_cache(maxsize=1)
def get() -> sqlalchemy.Engine:
    """Give the process's engine for threads. Whoever waits for Postgres longer than ``database_timeout`` gets an error."""
    return _create_impatient(_options())


def autocommit() -> sqlalchemy.Connection:
    """Give a connection of that engine on which each statement is a transaction of its own: one round trip instead of three."""
    return get().connect().execution_options(isolation_level="AUTOCOMMIT")


def create_apart() -> sqlalchemy.Engine:
    """Make such an engine with two connections of its own: it has one even when those of the process are all in use."""
    return _create_impatient({**_options(), "pool_size": 2})


def _create_impatient(options: dict[str, Any]) -> sqlalchemy.Engine:
    created = _tuned(sqlalchemy.create_engine(_url(), pool_timeout=settings.get().database_timeout, **options))
    sqlalchemy.event.listen(created, "do_connect", _connect)
    sqlalchemy.event.listen(created, "checkout", _look_at)
    return created


def create_patient() -> sqlalchemy.Engine:
    """Make an engine whose statements may take as long as they need: for migrations."""
    return _tuned(sqlalchemy.create_engine(_url(), pool_pre_ping=True, **_options()))


def create_async() -> AsyncEngine:
    """Make an engine for an event loop; it belongs to that loop and is disposed of on it."""
    created = create_async_engine(_url(), **_options())
    _tuned(created.sync_engine)
    sqlalchemy.event.listen(created.sync_engine, "checkout", _look_at)
    return created


def _tuned(created: sqlalchemy.Engine) -> sqlalchemy.Engine:
    """Let the connections through a pooler have antar's time zone: the one parameter that a pooler keeps for each client."""
    if settings.get().database_pooled:
        sqlalchemy.event.listen(created, "connect", _use_utc)
    return created


def _use_utc(connection: Any, _record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("SET TIME ZONE 'UTC'")
    cursor.close()
    connection.commit()


def _url() -> str:
    return settings.get().database_url.get_secret_value()


def _connect(_dialect: Any, _record: Any, arguments: Any, parameters: Any) -> psycopg.Connection[Any]:
    return _Impatient.connect(*arguments, **parameters)


def _look_at(_adapted: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    """Replace a connection before its use that is lost."""
    if is_lost(record.driver_connection):
        raise InvalidatePoolError


def is_lost(connection: Any) -> bool:
    """Tell whether a driver's connection is closed, or the server has spoken on it: unasked, it says only that it ends.

    It is what a ping finds out, without the round trip; of a server that says nothing the statement itself will tell.
    """
    return connection.closed or _has_spoken(connection)


def _has_spoken(connection: Any) -> bool:
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))

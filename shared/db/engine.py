"""Connections to Postgres: one pool per process, of the kind the process needs."""

import json
from functools import lru_cache
from typing import Any

import sqlalchemy
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared import settings


def _dumps(value: Any) -> str:
    """Write JSON compactly; antar's JSONB columns never hold what JSON cannot."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _options() -> dict[str, Any]:
    """Prepare every statement at once and plan it once: planning a claim over all partitions costs thrice its execution.

    The connection used last is used next, so that few of them hold what was prepared.
    """
    return {
        "pool_size": settings.get().database_connections,
        "pool_use_lifo": True,
        "max_overflow": 0,
        "pool_pre_ping": True,
        "hide_parameters": True,
        "json_serializer": _dumps,
        "connect_args": {
            "connect_timeout": 5,
            "prepare_threshold": 1,
            "options": "-c timezone=UTC -c plan_cache_mode=force_generic_plan",
        },
    }


@lru_cache(maxsize=1)
def get() -> sqlalchemy.Engine:
    """Give the process's engine for threads."""
    return sqlalchemy.create_engine(settings.get().database_url.get_secret_value(), **_options())


def create_async() -> AsyncEngine:
    """Make an engine for an event loop; it belongs to that loop and is disposed of on it."""
    return create_async_engine(settings.get().database_url.get_secret_value(), **_options())

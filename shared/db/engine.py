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


def _options(pool_size: int) -> dict[str, Any]:
    return {
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_pre_ping": True,
        "hide_parameters": True,
        "json_serializer": _dumps,
        "connect_args": {"connect_timeout": 5, "options": "-c timezone=UTC"},
    }


@lru_cache(maxsize=1)
def get(pool_size: int = 8) -> sqlalchemy.Engine:
    """Give the process's engine for threads."""
    return sqlalchemy.create_engine(settings.get().database_url.get_secret_value(), **_options(pool_size))


def create_async(pool_size: int) -> AsyncEngine:
    """Make an engine for an event loop; it belongs to that loop and is disposed of on it."""
    return create_async_engine(settings.get().database_url.get_secret_value(), **_options(pool_size))

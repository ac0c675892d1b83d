"""Clients of Redis: every one that antar uses beside Celery's is made here, from any URL that names a Redis.

Where Sentinels are named, each connection is made to whom they call the master then. One that was lost, or whose server says that
it is no master any more, is made anew, so that who asks again is answered by the new one.
"""

import socket
from collections.abc import Mapping
from typing import Any, Final

import redis
import redis.asyncio
import redis.asyncio.sentinel
import redis.sentinel

from shared.domain import redis_urls
from shared.domain.redis_urls import Sentinels

_TCP: Final = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 20_000}
KEEPALIVE: Final[Mapping[str, Any]] = {
    "socket_keepalive": True,
    "socket_keepalive_options": {getattr(socket, name): value for name, value in _TCP.items() if hasattr(socket, name)},
}
"""A machine that is gone does not say so: by this the system finds out. In seconds, the last in milliseconds."""


def connect(url: str, **options: Any) -> redis.Redis:
    """Make a client, with options as redis-py has them. Raises :class:`ValueError` when the URL is none of Redis."""
    if not redis_urls.is_sentinel(url):
        return redis.Redis.from_url(url, **_kept_alive(url), **options)
    named = redis_urls.parse(url)
    manager: Any = redis.sentinel.Sentinel
    asked = manager(named.hosts, sentinel_kwargs=of_sentinels(named, options))
    client: redis.Redis = asked.master_for(named.master, connection_pool_class=_Pool, **_of_master(named, options))
    return client


def connect_async(url: str, **options: Any) -> redis.asyncio.Redis:
    """Make a client for an event loop. Raises as :func:`connect`."""
    if not redis_urls.is_sentinel(url):
        return redis.asyncio.Redis.from_url(url, **_kept_alive(url), **options)
    named = redis_urls.parse(url)
    manager: Any = redis.asyncio.sentinel.Sentinel
    asked = manager(named.hosts, sentinel_kwargs=of_sentinels(named, options))
    client: redis.asyncio.Redis = asked.master_for(named.master, connection_pool_class=_AsyncPool, **_of_master(named, options))
    return client


def of_sentinels(named: Sentinels, options: Mapping[str, Any]) -> dict[str, Any]:
    """Give the options of the clients that ask: as patient as with the server, and the next Sentinel rather than the same again."""
    timeouts = {name: value for name, value in options.items() if name in {"socket_timeout", "socket_connect_timeout"}}
    return {"retry": None, **KEEPALIVE, **timeouts, **named.sentinel_login.arguments()}


class _Pool(redis.sentinel.SentinelConnectionPool):
    """What closes it closes the connections to the Sentinels as well."""

    def disconnect(self, inuse_connections: bool = True) -> None:  # noqa: FBT001, FBT002 - as redis-py calls it.
        super().disconnect(inuse_connections)
        if inuse_connections:
            self.sentinel_manager.close()


class _AsyncPool(redis.asyncio.sentinel.SentinelConnectionPool):
    """Likewise."""

    async def disconnect(self, inuse_connections: bool = True) -> None:  # noqa: FBT001, FBT002 - likewise.
        await super().disconnect(inuse_connections)
        if inuse_connections:
            await self.sentinel_manager.aclose()


def _kept_alive(url: str) -> Mapping[str, Any]:
    return {} if url.startswith("unix:") else KEEPALIVE


def _of_master(named: Sentinels, options: Mapping[str, Any]) -> dict[str, Any]:
    return {"db": named.database, **KEEPALIVE, **named.login.arguments(), **options}

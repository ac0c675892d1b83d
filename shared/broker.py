"""The transports for Redis: kombu's, but for the client of a channel.

kombu makes a client of Redis for every single command, which takes longer than the command: a fifth of what it costs to publish
a task, and as much again twice for each one that is consumed. Such a client holds nothing but the channel's pool.
"""

from typing import Any, Final

from kombu.transport import redis


class KeepsItsClient:
    """What a channel is to have before kombu's own."""

    _pool: Any
    _kept: Any = None

    def _create_client(self, asynchronous: bool = False) -> Any:  # noqa: FBT001, FBT002 - as kombu calls it.
        """Give the client that was made for the channel's pool; who blocks, and keeps a connection while he does, has his own."""
        make = super()._create_client  # type: ignore[misc]  # kombu's, which follows in the order of the classes.
        if asynchronous:
            return make(asynchronous=True)
        kept = self._kept
        if kept is None or kept.connection_pool is not self._pool:
            kept = self._kept = make()
        return kept


class _Channel(KeepsItsClient, redis.Channel):
    pass


class _SentinelChannel(KeepsItsClient, redis.SentinelChannel):
    pass


class Transport(redis.Transport):
    """Redis."""

    Channel = _Channel


class SentinelTransport(redis.SentinelTransport):
    """Redis behind Sentinels."""

    Channel = _SentinelChannel


TRANSPORTS: Final = {
    "redis": f"{__name__}:Transport",
    "rediss": f"{__name__}:Transport",
    "sentinel": f"{__name__}:SentinelTransport",
}
"""The transports by the scheme of a broker's URL, as kombu's own table has them."""

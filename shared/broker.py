"""The transports: kombu's, but for the client of a channel of Redis, and for what becomes of a RabbitMQ that does not answer.

kombu makes a client of Redis for every single command, which takes longer than the command: a fifth of what it costs to publish
a task, and as much again twice for each one that is consumed. Such a client holds nothing but the channel's pool.
"""

from typing import Any, Final

from amqp import RecoverableConnectionError
from kombu.transport import pyamqp, redis

from shared import rabbitmq, redis_clients, settings
from shared.domain import redis_urls


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


class _RabbitChannel(pyamqp.Channel):
    def wait(self, *args: Any, **kwargs: Any) -> Any:
        """Wait for an answer; give the connection up when none comes in time: a late one would be taken for the next call's."""
        try:
            return super().wait(*args, **kwargs)
        except TimeoutError as error:
            if self.connection:
                self.connection.collect()
            raise RecoverableConnectionError("the broker did not answer in time") from error


class _RabbitConnection(pyamqp.Connection):
    Channel = _RabbitChannel


class RabbitTransport(pyamqp.Transport):
    """RabbitMQ."""

    Connection = _RabbitConnection


class RabbitTLSTransport(pyamqp.SSLTransport):
    """RabbitMQ by TLS."""

    Connection = _RabbitConnection


TRANSPORTS: Final = {
    "amqp": f"{__name__}:RabbitTransport",
    "amqps": f"{__name__}:RabbitTLSTransport",
    "redis": f"{__name__}:Transport",
    "rediss": f"{__name__}:Transport",
    "sentinel": f"{__name__}:SentinelTransport",
}
"""The transports by the scheme of a broker's URL, as kombu's own table has them."""


def url(configured: str) -> str:
    """Write the URL of a broker as kombu does, which has a form of its own for Sentinels."""
    return redis_urls.parse(configured).kombu_url() if redis_urls.is_sentinel(configured) else configured


def options(configured: str, visibility_seconds: int) -> dict[str, Any]:
    """Give what kombu wants to know beside the URL."""
    if settings.is_rabbitmq(configured):
        return dict(rabbitmq.TRANSPORT_OPTIONS)
    common = {
        "visibility_timeout": visibility_seconds,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 5,
        "socket_connect_timeout": 3,
        "health_check_interval": 15,
        **redis_clients.KEEPALIVE,
    }
    if not redis_urls.is_sentinel(configured):
        return common
    named = redis_urls.parse(configured)
    return {**common, "master_name": named.master, "sentinel_kwargs": redis_clients.of_sentinels(named, common)}

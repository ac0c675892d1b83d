"""The brokers that a URL may name, and what we change of kombu."""

from typing import Any

import kombu
import pytest

from shared import broker
from shared.queues import app

_RABBITMQ = {"amqp", "amqps"}


@pytest.mark.parametrize("scheme", sorted(broker.TRANSPORTS.keys() - _RABBITMQ))
def test_what_goes_to_redis_keeps_its_clients(scheme: str) -> None:
    transport: Any = app.connection_for_write(f"{scheme}://127.0.0.1:1/0").transport
    assert type(transport).__module__ == broker.__name__
    assert issubclass(transport.Channel, broker.KeepsItsClient)
    assert transport.driver_type == "redis"


def test_other_brokers_are_as_kombu_has_them() -> None:
    assert kombu.Connection("memory://").transport.driver_type == "memory"


class _Silent:
    """A connection on which no answer comes."""

    given_up = False

    def drain_events(self, timeout: float | None = None) -> None:
        del timeout
        raise TimeoutError

    def collect(self) -> None:
        self.given_up = True


@pytest.mark.parametrize("scheme", sorted(_RABBITMQ))
def test_a_connection_on_which_no_answer_came_is_given_up(scheme: str) -> None:
    transport: Any = app.connection_for_write(f"{scheme}://127.0.0.1:1//").transport
    channel, connection = object.__new__(transport.Connection.Channel), _Silent()
    channel.connection, channel._pending = connection, {}
    with pytest.raises(transport.recoverable_connection_errors, match="did not answer in time"):
        channel.wait((60, 80))
    assert (connection.given_up, transport.driver_type) == (True, "amqp")


_SENTINELS = "sentinel://:pw@a:1,b:2/3?master=main&sentinel_password=s"


def test_kombu_is_told_of_sentinels_by_its_url_and_its_options() -> None:
    assert broker.url(_SENTINELS) == "sentinel://:pw@a:1/3;sentinel://:pw@b:2/3"
    options = broker.options(_SENTINELS, 600)
    assert (options["master_name"], options["sentinel_kwargs"]["password"]) == ("main", "s")
    assert options["sentinel_kwargs"]["socket_connect_timeout"] == options["socket_connect_timeout"]


@pytest.mark.parametrize("url", ["redis://:pw@a:1/3", "rediss://a/0"])
def test_of_one_server_the_url_says_all(url: str) -> None:
    assert broker.url(url) == url
    assert not {"master_name", "sentinel_kwargs"} & broker.options(url, 600).keys()

"""The brokers that a URL may name, and what we change of kombu."""

from typing import Any

import kombu
import pytest
from kombu.transport import pyamqp

from shared import broker
from shared.queues import app


@pytest.mark.parametrize("scheme", broker.TRANSPORTS)
def test_what_goes_to_redis_keeps_its_clients(scheme: str) -> None:
    transport: Any = app.connection_for_write(f"{scheme}://127.0.0.1:1/0").transport
    assert type(transport).__module__ == broker.__name__
    assert issubclass(transport.Channel, broker.KeepsItsClient)
    assert transport.driver_type == "redis"


def test_other_brokers_are_as_kombu_has_them() -> None:
    assert type(app.connection_for_write("amqp://127.0.0.1:1//").transport) is pyamqp.Transport
    assert kombu.Connection("memory://").transport.driver_type == "memory"

"""The clients with which kombu talks to the stack's Redis."""

from collections.abc import Iterator
from typing import Any

import pytest

from deploy.local.stack import Stack
from shared.queues import app


@pytest.fixture
def channel(stack: Stack) -> Iterator[Any]:
    with app.connection_for_write(stack.environment()["ANTAR_BROKER_URL"]) as connection, connection.channel() as channel:
        yield channel


def test_a_channel_has_one_client_for_what_does_not_block(channel: Any) -> None:
    with channel.conn_or_acquire() as first, channel.conn_or_acquire() as second:
        assert first is second
        assert first is not channel.client
        assert first.ping()


def test_it_has_another_when_its_connections_were_given_up(channel: Any) -> None:
    with channel.conn_or_acquire() as before:
        channel._disconnect_pools()
    with channel.conn_or_acquire() as after:
        assert after is not before
        assert after.ping()

"""A migrated database, the command line on it, and databases to spoil."""

from collections.abc import Iterator, Mapping

import pytest
import redis
from redis.client import PubSub
from sqlalchemy import URL, Engine

from deploy.local.stack import Stack
from shared import ids, signals
from tests.integration import own_database, this_process
from tests.integration.cli.antar import Antar


@pytest.fixture(scope="package")
def servers(stack: Stack) -> Mapping[str, str]:
    """Give the variables that lead to the servers."""
    return stack.environment()


@pytest.fixture(scope="package")
def database(servers: Mapping[str, str]) -> Iterator[Engine]:
    with this_process.set_up(servers) as engine:
        yield engine


@pytest.fixture
def antar(database: Engine) -> Antar:
    return Antar(database)


@pytest.fixture
def account(antar: Antar) -> str:
    """Give the name of a new account."""
    name: str = antar.json("account", "create", f"shop {ids.new()}")["name"]
    return name


@pytest.fixture
def empty_database(database: Engine) -> Iterator[URL]:
    """Give a database of its own, without any table."""
    with own_database.made(database.url) as url:
        yield url


@pytest.fixture
def news(servers: Mapping[str, str]) -> Iterator[PubSub]:
    """Listen as an api process does."""
    with redis.Redis.from_url(servers["ANTAR_BROKER_URL"]) as client, client.pubsub() as subscription:
        subscription.subscribe(signals.REVOKED)
        assert subscription.get_message(timeout=5)
        yield subscription

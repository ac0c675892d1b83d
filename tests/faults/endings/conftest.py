"""An installation whose processes may be ended, and wires to its servers that may be cut."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from deploy.local.stack import Stack
from tests.acceptance.backend import Backend
from tests.installation.apart import Api, Installation, installation
from tests.installation.relay import Relay, relay

SETTINGS = {
    "ANTAR_DATABASE_TIMEOUT": "2",
    "ANTAR_SHUTDOWN_SECONDS": "20",
    "ANTAR_READ_TIMEOUT": "30",
    "ANTAR_PACING_SLEEP": "6",
}


@pytest.fixture(scope="package")
def own(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(stack, tmp_path_factory.mktemp("endings"), **SETTINGS) as made:
        yield made


@pytest.fixture(scope="package")
def api(own: Installation) -> Iterator[Api]:
    with own.api() as served:
        yield served.await_ready()


@pytest.fixture
def backend(api: Api, own: Installation) -> Iterator[Backend]:
    """A client; what it made the providers and the keys do is taken back."""
    yield api.backend
    api.backend.sandbox.delete("/_sandbox/faults")
    with own.database.begin() as connection:
        connection.execute(text("UPDATE channel_keys SET rate_per_second = NULL"))
    with own.broker() as client:
        client.flushdb()


@pytest.fixture
def postgres(own: Installation) -> Iterator[tuple[Relay, dict[str, str]]]:
    """A wire to Postgres, and the settings of a process that uses it."""
    with relay(own.environment["ANTAR_DATABASE_URL"]) as (laid, url):
        yield laid, {"ANTAR_DATABASE_URL": url}


@pytest.fixture
def broker(own: Installation) -> Iterator[tuple[Relay, dict[str, str]]]:
    """A wire to the broker, likewise."""
    with relay(own.environment["ANTAR_BROKER_URL"]) as (laid, url):
        yield laid, {"ANTAR_BROKER_URL": url}

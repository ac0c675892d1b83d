"""Two accounts of the running stack, and an operator's connection to its database."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import sqlalchemy
from sqlalchemy import update

from deploy.local.stack import Stack
from shared.db.tables import channel_keys
from shared.domain.states import KeyStatus
from tests.acceptance import conformance
from tests.acceptance.backend import Backend


@pytest.fixture(scope="session")
def backend(stack: Stack, demo_account: dict[str, Any]) -> Iterator[Backend]:
    with (
        conformance.client(stack.base_url) as http,
        httpx.Client(base_url=stack.sandbox_url) as sandbox,
    ):
        yield Backend(
            http=http,
            token=demo_account["token"],
            keys=demo_account["keys"],
            templates=demo_account["templates"],
            sandbox=sandbox,
        )


@pytest.fixture(scope="session")
def stranger(backend: Backend, demo_account: dict[str, Any]) -> Backend:
    """Another account of the same installation."""
    second = demo_account["second_account"]
    return Backend(http=backend.http, token=second["token"], keys=second["keys"], templates={}, sandbox=backend.sandbox)


@pytest.fixture(scope="session")
def database(stack: Stack) -> Iterator[sqlalchemy.Engine]:
    # A pooler may stand before the server, and know nothing of what was prepared.
    engine = sqlalchemy.create_engine(stack.environment()["ANTAR_DATABASE_URL"], connect_args={"prepare_threshold": None})
    yield engine
    engine.dispose()


@pytest.fixture
def _no_receipts_by_themselves(backend: Backend) -> Iterator[None]:
    """Providers report of messages only when the test says so: what a call has left unknown stays so."""
    backend.sandbox.post("/_sandbox/settings", json={"auto_receipts": False}).raise_for_status()
    yield
    backend.sandbox.post("/_sandbox/settings", json={"auto_receipts": True}).raise_for_status()


@pytest.fixture(autouse=True)
def _no_faults_left(backend: Backend, database: sqlalchemy.Engine) -> Iterator[None]:
    """What a test breaks is whole again for the next one: also the keys that its faults have suspended."""
    yield
    backend.sandbox.delete("/_sandbox/faults")
    resumed = {"status": KeyStatus.ACTIVE, "status_code": None, "status_reason": None, "probe_at": None, "status_at": None}
    with database.begin() as connection:
        connection.execute(update(channel_keys).where(channel_keys.c.status == KeyStatus.SUSPENDED).values(resumed))

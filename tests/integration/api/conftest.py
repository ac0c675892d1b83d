"""An api with its servers and no worker: what it accepts stays queued."""

from collections.abc import Iterator

import httpx
import pytest
import sqlalchemy
from sqlalchemy import Engine

from deploy.local.stack import Options, Stack
from shared import ids
from shared.domain.channels import Channel
from shared.management import accounts, keys, tokens
from tests.integration import this_process
from tests.integration.api.caller import Caller

FAILED_AUTH = 3
"""A minute, and from one address: another one is forgiven every 20 seconds."""
_IMPATIENT = {
    "ANTAR_DATABASE_TIMEOUT": "2",
    "ANTAR_API_THREADS": "32",
    "ANTAR_SEND_WAIT": "0",
    "ANTAR_FAILED_AUTH_PER_MINUTE": str(FAILED_AUTH),
    "ANTAR_TRUSTED_PROXIES": "127.0.0.0/8",
}


@pytest.fixture(scope="package")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    options = Options(processes=("postgres", "redis", "api"), environment=_IMPATIENT, api_workers=1)
    with Stack(tmp_path_factory.mktemp("antar"), options) as running:
        yield running


@pytest.fixture(scope="package")
def own_process(own_stack: Stack) -> Iterator[Engine]:
    """antar's functions in this process, on the database of that stack."""
    with this_process.set_up(own_stack.environment()) as engine:
        yield engine


@pytest.fixture(scope="package")
def database(own_stack: Stack) -> Iterator[Engine]:
    """An operator's connection."""
    engine = sqlalchemy.create_engine(own_stack.environment()["ANTAR_DATABASE_URL"], pool_pre_ping=True)
    yield engine
    engine.dispose()


@pytest.fixture
def caller(own_stack: Stack, own_process: Engine) -> Iterator[Caller]:
    with own_process.begin() as connection:
        account_id = accounts.create(connection, f"api {ids.new()}").id
        _, token = tokens.create(connection, account_id)
        _, key = keys.create(connection, account_id, Channel.WABA, "number", {})
    with httpx.Client(base_url=own_stack.base_url, timeout=60) as http:
        yield Caller(http=http, account_id=account_id, token=token, key=key)

"""A process with one key, and a database with some channel keys and webhook subscriptions."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, delete, make_url

from deploy.local.stack import Stack
from shared.db.tables import accounts as accounts_table
from shared.db.tables import channel_keys, webhook_subscriptions
from shared.domain.channels import Channel
from shared.management import accounts, keys, webhooks
from tests.integration import own_database, this_process
from tests.integration.cli.antar import Antar
from tests.integration.secret_keys.process import NUMBER, OLD, Process


@pytest.fixture(scope="package")
def database(stack: Stack) -> Iterator[Engine]:
    servers = stack.environment()
    with own_database.made(make_url(servers["ANTAR_DATABASE_URL"])) as url:
        written = url.render_as_string(hide_password=False)
        with this_process.set_up({**servers, "ANTAR_DATABASE_URL": written, "ANTAR_SECRET_KEYS": OLD}) as engine:
            yield engine


@pytest.fixture
def process(database: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Process]:
    """This process, with the old key alone."""
    own = Process(database, monkeypatch)
    own.start(OLD)
    with database.begin() as connection:
        account_id = accounts.create(connection, "shop").id
        for number in range(NUMBER):
            keys.create(connection, account_id, Channel.TELEGRAM, f"bot {number}", {"bot_token": f"{number}:secret"})
            webhooks.create(connection, account_id, f"https://shop.example/{number}", ["message.status"], None)
    yield own
    with database.begin() as connection:
        for table in (channel_keys, webhook_subscriptions, accounts_table):
            connection.execute(delete(table))
    monkeypatch.undo()
    own.forget()


@pytest.fixture
def command(process: Process) -> Antar:
    return Antar(process.database)

"""A migrated database, and an account with a client of the api's routes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from api import boundary, errors
from api.deliveries import routes as deliveries
from api.sends import routes as sends
from deploy.local.stack import Stack
from shared import ids
from shared.management import accounts, tokens
from tests.integration import this_process


@dataclass(frozen=True, kw_only=True)
class Caller:
    """An account that calls the api."""

    http: FlaskClient
    account_id: UUID
    token: str

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.http.get(path, query_string=query, headers={"Authorization": f"Bearer {self.token}"})

    def post(self, path: str) -> TestResponse:
        return self.http.post(path, headers={"Authorization": f"Bearer {self.token}"})


@pytest.fixture(scope="package")
def database(stack: Stack) -> Iterator[Engine]:
    with this_process.set_up(stack.environment()) as engine:
        yield engine


@pytest.fixture(scope="package")
def app() -> Flask:
    app = Flask("sends")
    errors.register(app)
    boundary.register(app)
    app.register_blueprint(sends.blueprint)
    app.register_blueprint(deliveries.blueprint)
    return app


@pytest.fixture
def caller(database: Engine, app: Flask) -> Caller:
    return _new_caller(database, app)


@pytest.fixture
def stranger(database: Engine, app: Flask) -> Caller:
    """Another account of the same installation."""
    return _new_caller(database, app)


def _new_caller(database: Engine, app: Flask) -> Caller:
    with database.begin() as connection:
        account_id = accounts.create(connection, f"sends {ids.new()}").id
        _, token = tokens.create(connection, account_id)
    return Caller(http=app.test_client(), account_id=account_id, token=token)

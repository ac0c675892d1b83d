"""The app's routes and what is told of them; nothing is started."""

from typing import Any

import pytest
from flask import Flask

from api import app as entry
from api.openapi import document, rooms
from api.openapi.operation import Operation


@pytest.fixture(scope="package")
def app() -> Flask:
    app = Flask("antar", static_folder=None)
    entry.add_rooms(app)
    return app


@pytest.fixture(scope="package")
def operations(app: Flask) -> tuple[Operation, ...]:
    return rooms.operations(app)


@pytest.fixture(scope="package")
def told(operations: tuple[Operation, ...]) -> dict[str, Any]:
    """The OpenAPI document."""
    return document.build(operations, version="1.2.3", public_url="https://antar.example")

"""From the app to what its rooms declare: each blueprint's ``operations.py`` stands beside its ``routes.py``."""

import importlib

from flask import Flask
from flask.sansio.blueprints import Blueprint

from api.openapi.operation import Operation


def operations(app: Flask) -> tuple[Operation, ...]:
    """Give every operation of the app, room by room as they were registered. Raises :class:`ImportError` for a room without."""
    return tuple(operation for blueprint in app.blueprints.values() for operation in _declared(blueprint))


def _declared(blueprint: Blueprint) -> tuple[Operation, ...]:
    room = blueprint.import_name.rpartition(".")[0]
    declared: tuple[Operation, ...] = importlib.import_module(f"{room}.operations").OPERATIONS
    return declared

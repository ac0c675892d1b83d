"""Held deliveries, whatever dialect their sends were made in: listed, and decided on by a person.

Each decision answers with the send, as ``GET /v1/sends/{id}`` does: what follows from it concerns the whole send, and comes a
moment after the answer.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar
from uuid import UUID

from flask import Blueprint, Response, current_app, request
from sqlalchemy import Connection

from api import auth, lists, services
from api.deliveries import render, schema
from api.errors import Conflict, ResourceNotFound
from api.sends import routes as sends
from shared import ids
from shared.db import engine
from shared.management import held
from shared.management.errors import NotFound, TooLate

blueprint = Blueprint("deliveries", __name__)

_Following = TypeVar("_Following")
_Decision = Callable[[Connection, UUID, UUID | None, str], _Following]


@blueprint.get("/v1/deliveries")
def find() -> Response:
    """Give a page of the caller's held deliveries, those of the oldest sends first."""
    caller = auth.caller()
    query = schema.parse(request.args, caller.account_id)
    with engine.get().connect() as connection:
        found = held.every(connection, caller.account_id, query.after_id, query.limit + 1)
    return lists.answer_found(found, query.limit, query.search, render.item, lambda each: each.delivery.id)


@blueprint.post("/v1/deliveries/<identifier>/release")
def release(identifier: str) -> Response:
    """Have a held delivery tried again, at the risk that it is sent twice."""
    caller, delivery_id = auth.caller(), _read_id(identifier)
    due = _decide(held.release, delivery_id, caller)
    services.of(current_app).publisher.publish([due])
    return sends.story(ids.send_of(delivery_id), caller)


@blueprint.post("/v1/deliveries/<identifier>/fail")
def fail(identifier: str) -> Response:
    """Count a held delivery as not sent, so that the next tier opens."""
    return _settle(held.fail, identifier)


@blueprint.post("/v1/deliveries/<identifier>/confirm")
def confirm(identifier: str) -> Response:
    """Count a held delivery as sent: somebody knows that it arrived."""
    return _settle(held.confirm, identifier)


def _settle(decision: _Decision[UUID], identifier: str) -> Response:
    caller, delivery_id = auth.caller(), _read_id(identifier)
    send_id = _decide(decision, delivery_id, caller)
    services.of(current_app).publisher.settle(send_id)
    return sends.story(send_id, caller)


def _decide(decision: _Decision[_Following], delivery_id: UUID, caller: auth.Caller) -> _Following:
    with _deciding(), engine.get().begin() as connection:
        return decision(connection, delivery_id, caller.account_id, sends.actor(connection, caller))


def _read_id(identifier: str) -> UUID:
    delivery_id = ids.decode(ids.DELIVERY, identifier)
    if delivery_id is None:
        raise _not_found()
    return delivery_id


@contextmanager
def _deciding() -> Iterator[None]:
    """Answer for a delivery that cannot be decided on."""
    try:
        yield
    except NotFound:
        raise _not_found() from None
    except TooLate as error:
        raise Conflict("decision_too_late", str(error)) from None


def _not_found() -> ResourceNotFound:
    return ResourceNotFound("there is no such delivery")

"""Sends, whatever dialect they were made in: looked up, searched, and while they wait for their time cancelled or moved."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from flask import Blueprint, Response, current_app, request
from sqlalchemy import Connection

from api import auth, bodies, lists, services
from api.errors import Conflict, ResourceNotFound
from api.sends import changes, render, schema
from shared import ids
from shared.db import engine
from shared.management import schedule, search, sends, tokens
from shared.management.errors import NotFound, TooLate

blueprint = Blueprint("sends", __name__)


@blueprint.get("/v1/sends/<identifier>")
def look_up(identifier: str) -> Response:
    """Give a send of the caller's account with everything that happened to it."""
    caller = auth.caller()
    return story(_read_id(identifier), caller)


@blueprint.delete("/v1/sends/<identifier>")
def cancel(identifier: str) -> Response:
    """Cancel a send that waits for its time, or for nothing but a receipt; a repeat gets the same answer.

    Once this is answered, nothing of it is sent any more.
    """
    caller = auth.caller()
    send_id = _read_id(identifier)
    with _changing("send_not_cancellable"), engine.get().begin() as connection:
        schedule.cancel(connection, schedule.lock(connection, send_id, caller.account_id), actor(connection, caller))
    return story(send_id, caller)


@blueprint.patch("/v1/sends/<identifier>")
def move(identifier: str) -> Response:
    """Give a send that waits for its time another one, another expiry, or other variables."""
    caller = auth.caller()
    send_id = _read_id(identifier)
    wish = changes.parse(bodies.read())
    with _changing("send_not_changeable"), engine.get().begin() as connection:
        standing = schedule.lock(connection, send_id, caller.account_id)
        schedule.require_waiting(standing)
        change = changes.check(wish, standing, schedule.messages(connection, standing))
        due = schedule.move(connection, standing, change, actor(connection, caller))
    services.of(current_app).publisher.publish(due)
    return story(send_id, caller)


@blueprint.get("/v1/sends")
def find() -> Response:
    """Give a page of the caller's sends, the newest first."""
    caller = auth.caller()
    query = schema.parse(request.args, caller.account_id)
    with engine.get().connect() as connection:
        found = search.search(connection, caller.account_id, query.filters, query.limit + 1, query.before_id)
    return lists.answer_found(found, query.limit, query.search, render.summary, lambda send: send.id)


def _read_id(identifier: str) -> UUID:
    send_id = ids.decode(ids.SEND, identifier)
    if send_id is None:
        raise _not_found()
    return send_id


def story(send_id: UUID, caller: auth.Caller) -> Response:
    """Answer with a send of the caller's account as it stands, and everything that happened to it."""
    with engine.get().connect() as connection:
        history = sends.load_history(connection, send_id, caller.account_id)
    if history is None:
        raise _not_found()
    return lists.told(render.story(history))


@contextmanager
def _changing(too_late: str) -> Iterator[None]:
    """Answer for a send that cannot be changed."""
    try:
        yield
    except NotFound:
        raise _not_found() from None
    except TooLate as error:
        raise Conflict(too_late, str(error)) from None


def actor(connection: Connection, caller: auth.Caller) -> str:
    """Name the caller for the timeline."""
    return f"api token {tokens.name(connection, caller.token_id)}"


def _not_found() -> ResourceNotFound:
    return ResourceNotFound("there is no such send")

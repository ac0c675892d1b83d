"""``GET /v1/sends/{id}`` and ``GET /v1/sends``: what became of a send, whatever dialect it was made in."""

from flask import Blueprint, Response, jsonify, request

from api import auth, request_ids
from api.errors import ResourceNotFound
from api.sends import cursors, render, schema
from shared import ids
from shared.db import engine
from shared.management import search, sends

blueprint = Blueprint("sends", __name__)


@blueprint.get("/v1/sends/<identifier>")
def look_up(identifier: str) -> Response:
    """Give a send of the caller's account with everything that happened to it."""
    caller = auth.caller()
    send_id = ids.decode(ids.SEND, identifier)
    if send_id is None:
        raise _not_found()
    with engine.get().connect() as connection:
        history = sends.load_history(connection, send_id, caller.account_id)
    if history is None:
        raise _not_found()
    return jsonify(data=render.story(history), request_id=request_ids.current())


@blueprint.get("/v1/sends")
def find() -> Response:
    """Give a page of the caller's sends, the newest first."""
    caller = auth.caller()
    query = schema.parse(request.args, caller.account_id)
    with engine.get().connect() as connection:
        found = search.search(connection, caller.account_id, query.filters, query.limit + 1, query.before_id)
    page, has_more = found[: query.limit], len(found) > query.limit
    return jsonify(
        data=[render.summary(send) for send in page],
        has_more=has_more,
        next_cursor=cursors.encode(page[-1].id, query.search) if has_more else None,
        request_id=request_ids.current(),
    )


def _not_found() -> ResourceNotFound:
    return ResourceNotFound("there is no such send")

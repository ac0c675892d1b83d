"""Suppressions: those that bounces, complaints and links have made, and those an account adds. It may remove any of them."""

from typing import Final
from uuid import UUID

import structlog
from flask import Blueprint, Response, request

from api import auth, bodies, limits, lists, native
from api.dialects.kirim import errors
from api.suppressions import render, schema
from shared import ids
from shared.db import engine
from shared.management import suppressions

blueprint = Blueprint("suppressions", __name__)
errors.register(blueprint)
limits.register(blueprint)

_log: Final = structlog.get_logger("suppressions")


@blueprint.post("/v1/suppressions")
def add() -> Response:
    """Suppress addresses: all of them, or none when one is wrong."""
    caller = auth.manager()
    wanted = schema.new_suppressions(bodies.read())
    with native.changing() as connection:
        added = suppressions.add(
            connection,
            caller.account_id,
            wanted.channel,
            wanted.addresses,
            reason=wanted.reason,
            expires_at=wanted.expires_at,
        )
    return lists.told([render.suppression(each) for each in added], 201)


@blueprint.get("/v1/suppressions")
def list_suppressions() -> Response:
    """Give a page of suppressions that are in effect, the newest first."""
    caller = auth.manager()
    query, filters = schema.query(request.args, caller.account_id)
    with engine.get().connect() as connection:
        found = suppressions.page(connection, caller.account_id, filters, query.limit + 1, query.before_id)
    return lists.answer_found(found, query.limit, query.search, render.suppression, lambda each: each.id)


@blueprint.delete("/v1/suppressions/<identifier>")
def remove(identifier: str) -> Response:
    """Write to an address again. Who has allowed it, and after what, stands in the log."""
    caller = auth.manager()
    with native.changing() as connection:
        removed = suppressions.remove(connection, caller.account_id, _suppression_id(identifier))
    token = ids.encode(ids.TOKEN, caller.token_id)
    _log.info("suppression.removed", suppression=identifier, channel=removed.channel, reason=removed.reason, token=token)
    return lists.told(render.removed(removed))


def _suppression_id(identifier: str) -> UUID:
    return native.identified(ids.SUPPRESSION, identifier, "there is no such suppression")

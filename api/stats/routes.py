"""How many of an account's deliveries have ended, and how: read from counts, however many they are."""

from flask import Blueprint, Response, request

from api import auth, limits, lists
from api.dialects.kirim import errors
from api.stats import render, schema
from shared.db import engine
from shared.management import statistics
from shared.management.errors import Invalid

blueprint = Blueprint("stats", __name__)
errors.register(blueprint)
limits.register(blueprint)


@blueprint.get("/v1/stats")
def count() -> Response:
    """Count the caller's deliveries that ended within a time."""
    query = schema.parse(request.args, auth.caller().account_id)
    try:
        with engine.get().connect() as connection:
            counts = statistics.count(connection, query.within, query.filters, query.group_by)
    except Invalid as error:
        raise schema.refusal(error) from None
    return lists.told(render.stats(query.within, counts))

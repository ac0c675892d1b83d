"""Account tokens. One that is bound to a channel key sends; any other may all that the account may, and make and revoke tokens."""

from uuid import UUID

from flask import Blueprint, Response, request

from api import auth, bodies, limits, lists, native, revocations
from api.dialects.kirim import errors
from api.tokens import render, schema
from shared import ids
from shared.db import engine
from shared.management import tokens

blueprint = Blueprint("tokens", __name__)
errors.register(blueprint)
limits.register(blueprint)


@blueprint.post("/v1/tokens")
def create() -> Response:
    """Make a token, which is shown this once."""
    caller = auth.manager()
    wanted = schema.new_token(bodies.read())
    with native.changing() as connection:
        ends_at = tokens.end_of(connection, wanted.expires_at, wanted.expires_in)
        made, plain = tokens.create(connection, caller.account_id, wanted.bound_key_id, label=wanted.label, expires_at=ends_at)
    return lists.told({**render.token(made, caller.token_id), "token": plain}, 201)


@blueprint.get("/v1/tokens")
def list_tokens() -> Response:
    """Give a page of tokens, the newest first."""
    caller = auth.manager()
    query = schema.query(request.args, caller.account_id)
    with engine.get().connect() as connection:
        found = tokens.page(connection, caller.account_id, query.limit + 1, query.before_id)
    return lists.answer_found(
        found, query.limit, query.search, lambda each: render.token(each, caller.token_id), lambda each: each.id
    )


@blueprint.delete("/v1/tokens/<identifier>")
def revoke(identifier: str) -> Response:
    """Revoke a token, for good: also the one that asks. A repeat changes nothing."""
    caller = auth.manager()
    with native.changing() as connection:
        revoked = tokens.end(connection, caller.account_id, _token_id(identifier))
    revocations.announce()
    return lists.told(render.token(revoked, caller.token_id))


def _token_id(identifier: str) -> UUID:
    return native.identified(ids.TOKEN, identifier, "there is no such token")

"""Channel keys: what an account sends with. Whoever holds a key's token and a token of its account sends by it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from sqlalchemy import Connection

from api import auth, bodies, etags, limits, lists, native, revocations
from api.dialects.kirim import errors
from api.keys import render, schema
from shared import ids
from shared.db import engine
from shared.domain.channels import Channel
from shared.domain.states import KeyStatus
from shared.management import credentials, keys
from shared.management.keys import Key

blueprint = Blueprint("keys", __name__)
errors.register(blueprint)
limits.register(blueprint)


@blueprint.post("/v1/channels/<channel>/keys")
def create(channel: str) -> Response:
    """Make a key; its token is shown this once."""
    caller, kind = auth.manager(), native.channel(channel)
    wanted, given = schema.new_key(bodies.read())
    with native.changing() as connection:
        confined = credentials.confine(kind, wanted.credentials)
        made, plain = keys.create(connection, caller.account_id, kind, wanted.name, confined, **given)
        told = _rendered(connection, made)
    return lists.told({**told, "token": plain}, 201)


@blueprint.get("/v1/channels/<channel>/keys")
def list_keys(channel: str) -> Response:
    """Give a page of keys, the newest first."""
    caller, kind = auth.manager(), native.channel(channel)
    query = schema.query(request.args, caller.account_id, kind)
    with engine.get().connect() as connection:
        found = keys.page(connection, caller.account_id, kind, query.status, query.limit + 1, query.before_id)
        held = credentials.held(connection, [each.id for each in found])
    return lists.answer_found(found, query.limit, query.search, lambda each: render.key(each, held[each.id]), lambda each: each.id)


@blueprint.get("/v1/channels/<channel>/keys/<identifier>")
def look_up(channel: str, identifier: str) -> Response:
    """Give a key."""
    caller, kind = auth.manager(), native.channel(channel)
    with native.reading() as connection:
        told = _rendered(connection, keys.load(connection, caller.account_id, kind, _key_id(identifier)))
    return etags.told(told)


@blueprint.patch("/v1/channels/<channel>/keys/<identifier>")
def change(channel: str, identifier: str) -> Response:
    """Change a key. What is claimed from now on is sent as it then is."""
    caller, kind = auth.manager(), native.channel(channel)
    wanted = schema.changes(bodies.read())

    def changed(connection: Connection, key: Key) -> Key:
        confined = None if wanted.credentials is None else credentials.confine(kind, wanted.credentials)
        after = keys.change(connection, key.id, wanted.limits, wanted.name)
        return after if confined is None else keys.renew(connection, key.id, confined)

    return etags.told(_acted(caller.account_id, kind, identifier, changed))


@blueprint.post("/v1/channels/<channel>/keys/<identifier>/suspend")
def suspend(channel: str, identifier: str) -> Response:
    """Use a key no more until it is resumed."""
    caller = auth.manager()
    return _set_status(caller.account_id, channel, identifier, KeyStatus.SUSPENDED, schema.reason(bodies.read()))


@blueprint.post("/v1/channels/<channel>/keys/<identifier>/resume")
def resume(channel: str, identifier: str) -> Response:
    """Use a suspended key again."""
    return _set_status(auth.manager().account_id, channel, identifier, KeyStatus.ACTIVE, None)


@blueprint.post("/v1/channels/<channel>/keys/<identifier>/revoke")
def revoke(channel: str, identifier: str) -> Response:
    """Use a key never again."""
    caller = auth.manager()
    return _set_status(caller.account_id, channel, identifier, KeyStatus.REVOKED, schema.reason(bodies.read()))


@blueprint.post("/v1/channels/<channel>/keys/<identifier>/rotate_token")
def rotate_token(channel: str, identifier: str) -> Response:
    """Give a key another token, which is shown this once; the old one sends nothing more."""
    caller, shown = auth.manager(), list[str]()

    def rotated(connection: Connection, key: Key) -> Key:
        after, plain = keys.rotate_token(connection, key.id)
        shown.append(plain)
        return after

    told = _acted(caller.account_id, native.channel(channel), identifier, rotated)
    revocations.announce()
    return lists.told({**told, "token": shown[0]})


def _set_status(account_id: UUID, channel: str, identifier: str, status: KeyStatus, reason: str | None) -> Response:
    def changed(connection: Connection, key: Key) -> Key:
        return keys.set_status(connection, key.id, status, reason)

    return etags.told(_acted(account_id, native.channel(channel), identifier, changed))


def _acted(account_id: UUID, kind: Channel, identifier: str, act: Callable[[Connection, Key], Key]) -> dict[str, Any]:
    """Lock a key, hold it against ``If-Match``, do something with it, and give it as it then is."""
    with native.changing("key_revoked") as connection:
        key = keys.lock(connection, account_id, kind, _key_id(identifier))
        etags.check(_rendered(connection, key))
        return _rendered(connection, act(connection, key))


def _rendered(connection: Connection, key: Key) -> dict[str, Any]:
    return render.key(key, credentials.held(connection, [key.id])[key.id])


def _key_id(identifier: str) -> UUID:
    return native.identified(ids.KEY, identifier, "there is no such channel key")

"""Contacts. Who opted out is not written to, whoever noted it; it stays known until it opts in again."""

from uuid import UUID

from flask import Blueprint, Response, request

from api import auth, bodies, etags, limits, lists, native
from api.contacts import render, schema
from api.dialects.kirim import errors
from shared.db import engine
from shared.management import address_book

blueprint = Blueprint("contacts", __name__)
errors.register(blueprint)
limits.register(blueprint)


@blueprint.post("/v1/contacts")
def create() -> Response:
    """Make a contact."""
    caller = auth.manager()
    wanted = schema.new_contact(bodies.read())
    with native.changing("contact_exists") as connection:
        made = address_book.create(
            connection, caller.account_id, wanted.channel, wanted.address, name=wanted.name, email=wanted.email
        )
        if wanted.opted_out:
            made = address_book.change(connection, made, {"opted_out": True})
    return etags.told(render.contact(made), 201)


@blueprint.get("/v1/contacts")
def list_contacts() -> Response:
    """Give a page of contacts, the newest first."""
    caller = auth.manager()
    query, filters = schema.query(request.args, caller.account_id)
    with engine.get().connect() as connection:
        found = address_book.page(connection, caller.account_id, filters, query.limit + 1, query.before_number)
    return lists.answer_found(found, query.limit, query.search, render.contact, lambda each: UUID(int=each.id))


@blueprint.get("/v1/contacts/<identifier>")
def look_up(identifier: str) -> Response:
    """Give a contact."""
    caller = auth.manager()
    with native.reading() as connection:
        found = address_book.load(connection, caller.account_id, _contact_id(identifier))
    return etags.told(render.contact(found))


@blueprint.patch("/v1/contacts/<identifier>")
def change(identifier: str) -> Response:
    """Change a contact: its name, or whether it wants messages."""
    caller = auth.manager()
    wanted = schema.changes(bodies.read())
    with native.changing() as connection:
        known = address_book.lock(connection, caller.account_id, _contact_id(identifier))
        etags.check(render.contact(known))
        changed = address_book.change(connection, known, wanted)
    return etags.told(render.contact(changed))


@blueprint.delete("/v1/contacts/<identifier>")
def delete(identifier: str) -> Response:
    """Forget a contact, unless it opted out."""
    caller = auth.manager()
    with native.changing("contact_opted_out") as connection:
        known = address_book.lock(connection, caller.account_id, _contact_id(identifier))
        etags.check(render.contact(known))
        address_book.delete(connection, known)
    return lists.told(render.deleted(known.id))


def _contact_id(identifier: str) -> int:
    return native.numbered(identifier, "there is no such contact")

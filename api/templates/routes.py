"""Templates of a channel: written, previewed, submitted, switched on and off, and read from Meta."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

from flask import Blueprint, Response, current_app, request
from sqlalchemy import Connection

from api import auth, bodies, etags, limits, lists, native, services
from api.dialects.kirim import errors
from api.templates import models, render, schema
from shared import ids
from shared.db import engine
from shared.domain import previews
from shared.domain.channels import Channel
from shared.management import template_sync, templates
from shared.management.templates import Room, Template

blueprint = Blueprint("templates", __name__)
errors.register(blueprint)
limits.register(blueprint)

_LIST = "/v1/channels/<channel>/templates"
_ONE = f"{_LIST}/<identifier>"


@blueprint.get(_LIST)
def list_templates(channel: str) -> Response:
    """Give a page of templates, the newest first."""
    room = _room(channel)
    query = schema.query(request.args, room)
    with engine.get().connect() as connection:
        found = templates.page(connection, room, query.filters, query.limit + 1, query.before_number)
    return lists.answer_found(found, query.limit, query.search, render.template, lambda each: UUID(int=each.id))


@blueprint.post(_LIST)
def create(channel: str) -> Response:
    """Make a draft, or a template that is judged at once."""
    room = _room(channel)
    wanted = native.parse(models.NewTemplate, bodies.read())
    key_id = _key_id(wanted.key)
    with _changing() as connection:
        number = template_sync.number(connection, room, key_id, wanted.category)
        made = templates.create(
            connection,
            room.account_id,
            room.channel,
            wanted.name,
            wanted.body,
            language=wanted.language,
            number=number,
            submit=wanted.submit,
        )
    _follow(made)
    return etags.told(render.template(made), 201)


@blueprint.get(_ONE)
def look_up(channel: str, identifier: str) -> Response:
    """Give a template as it stands, with the variables it needs."""
    return etags.told(render.template(_found(channel, identifier)))


@blueprint.patch(_ONE)
def change(channel: str, identifier: str) -> Response:
    """Change a draft, or what was rejected, which is a draft again."""
    room, template_id = _room(channel), _template_id(identifier)
    changes = schema.changes(native.parse(models.ChangedTemplate, bodies.read()))
    with _changing() as connection:
        etags.check(render.template(templates.lock(connection, template_id, room)))
        changed = templates.change(connection, template_id, changes, room)
    return etags.told(render.template(changed))


@blueprint.delete(_ONE)
def delete(channel: str, identifier: str) -> Response:
    """Delete a draft, or what was rejected, that nobody is going to send."""
    room, template_id = _room(channel), _template_id(identifier)
    with _changing() as connection:
        etags.check(render.template(templates.lock(connection, template_id, room)))
        templates.remove(connection, template_id, room)
    return lists.told(render.deleted(template_id))


@blueprint.post(f"{_ONE}/preview")
def preview(channel: str, identifier: str) -> Response:
    """Give what a template would be sent as, or what is in the way."""
    found = _found(channel, identifier)
    given = native.parse(models.TemplateVariables, bodies.read() or b"{}")
    return lists.told(render.preview(previews.preview(found.content, given.variables)))


@blueprint.post(f"{_ONE}/submit")
def submit(channel: str, identifier: str) -> Response:
    """Have a template judged."""
    submitted = _moved(channel, identifier, templates.submit)
    _follow(submitted)
    return etags.told(render.template(submitted), 202)


@blueprint.post(f"{_ONE}/activate")
def activate(channel: str, identifier: str) -> Response:
    """Switch a template on."""
    return etags.told(render.template(_moved(channel, identifier, templates.activate)))


@blueprint.post(f"{_ONE}/deactivate")
def deactivate(channel: str, identifier: str) -> Response:
    """Switch a template off."""
    return etags.told(render.template(_moved(channel, identifier, templates.deactivate)))


@blueprint.post("/v1/channels/waba/templates/sync")
def sync() -> Response:
    """Have the templates of the account's numbers read from Meta soon."""
    room = _room(Channel.WABA)
    key_id = _key_id(native.parse(models.TemplateSyncRequest, bodies.read() or b"{}").key)
    with _changing() as connection:
        asked = template_sync.ask(connection, room.account_id, key_id)
    services.of(current_app).publisher.sync([each.key_id for each in asked])
    return _numbers(asked, 202)


@blueprint.get("/v1/channels/waba/template_sync")
def synced() -> Response:
    """Tell how far the templates of the account's numbers are known."""
    room = _room(Channel.WABA)
    with engine.get().connect() as connection:
        return _numbers(template_sync.every(connection, room.account_id))


def _numbers(found: list[template_sync.Synced], status: int = 200) -> Response:
    return lists.told([render.synced(each) for each in found], status)


def _follow(submitted: Template) -> None:
    """Have Meta told of what was submitted for one of its numbers; the commit has made that due."""
    if submitted.key_id is not None and submitted.status == "pending":
        services.of(current_app).publisher.sync([submitted.key_id])


def _room(channel: str) -> Room:
    return Room(account_id=auth.manager().account_id, channel=native.channel(channel))


def _template_id(identifier: str) -> int:
    return native.numbered(identifier, "there is no such template")


def _key_id(identifier: str | None) -> UUID | None:
    return native.reference(ids.KEY, identifier, "key", "must be the id of a channel key")


def _found(channel: str, identifier: str) -> Template:
    room, template_id = _room(channel), _template_id(identifier)
    with native.reading() as connection:
        return templates.find(connection, template_id, room)


def _moved(channel: str, identifier: str, move: Callable[[Connection, int, Room], Template]) -> Template:
    room, template_id = _room(channel), _template_id(identifier)
    with _changing() as connection:
        return move(connection, template_id, room)


def _changing() -> AbstractContextManager[Connection]:
    return native.changing("template_state", "template_already_exists")

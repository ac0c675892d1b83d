"""``antar template``: content that is reviewed once and sent by its number."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from typing import IO
from uuid import UUID

import click
from sqlalchemy import Connection

from deploy.cli import arguments, output
from shared import ids, queues
from shared.db import engine
from shared.domain import previews
from shared.domain.channels import Channel
from shared.domain.times import rfc3339
from shared.management import accounts, template_sync, templates
from shared.management.template_sync import Synced
from shared.management.templates import Room, Template
from worker import templates as meta
from worker.runtime.wires import open_wires

_template_id = click.argument("template_id", type=click.INT)


@click.group()
def template() -> None:
    """Manage templates."""


@template.command("add")
@arguments.account
@arguments.channel
@click.argument("name")
@click.option("--body", type=click.File("rb"), required=True, help="A JSON file with the template's body; - is stdin.")
@click.option("--language", help="Its language, where the channel wants one and the body names none.")
@output.json_option
def add(account: str, channel: str, name: str, body: IO[bytes], language: str | None, *, as_json: bool) -> None:
    """Add a template of CHANNEL to ACCOUNT; it waits to be approved."""
    document = arguments.read_json(body, "body")
    with engine.get().begin() as connection:
        owner = accounts.find(connection, account)
        made = templates.create(connection, owner.id, Channel(channel), name, document, language=language)
    output.emit(_document(made), as_json=as_json)


@template.command("approve")
@_template_id
@output.json_option
def approve(template_id: int, *, as_json: bool) -> None:
    """Let a template be sent."""
    _change(lambda connection: templates.approve(connection, template_id), as_json=as_json)


@template.command("reject")
@_template_id
@click.option("--reason", help="Why, for its author.")
@output.json_option
def reject(template_id: int, reason: str | None, *, as_json: bool) -> None:
    """Keep a template from being sent."""
    _change(lambda connection: templates.reject(connection, template_id, reason), as_json=as_json)


@template.command("activate")
@_template_id
@output.json_option
def activate(template_id: int, *, as_json: bool) -> None:
    """Switch a template on."""
    _change(lambda connection: templates.activate(connection, template_id), as_json=as_json)


@template.command("deactivate")
@_template_id
@output.json_option
def deactivate(template_id: int, *, as_json: bool) -> None:
    """Switch a template off; its review stands."""
    _change(lambda connection: templates.deactivate(connection, template_id), as_json=as_json)


@template.command("submit")
@_template_id
@output.json_option
def submit(template_id: int, *, as_json: bool) -> None:
    """Have a draft judged; a WABA number's is made at Meta."""
    with engine.get().begin() as connection:
        found = templates.find(connection, template_id)
        submitted = templates.submit(connection, template_id, Room(account_id=found.account_id, channel=found.channel))
    if submitted.key_id is not None:
        _publish()
    output.emit(_document(submitted), as_json=as_json)


@template.command("show")
@_template_id
@output.json_option
def show(template_id: int, *, as_json: bool) -> None:
    """Show a template with its body and the variables it needs."""
    found = _find(template_id)
    output.emit(_full(found), as_json=as_json)


@template.command("preview")
@_template_id
@click.option("--variable", "variables", multiple=True, metavar="NAME=VALUE", help="A value; as often as there are variables.")
@output.json_option
def preview(template_id: int, variables: tuple[str, ...], *, as_json: bool) -> None:
    """Show what a template would be sent as, or what is in the way."""
    filled = previews.preview(_find(template_id).content, dict(_pair(each) for each in variables))
    said = {"rendered": filled.rendered, "missing_variables": list(filled.missing), "invalid_field": filled.invalid}
    output.emit(said, as_json=as_json)


@template.command("sync")
@arguments.account
@output.json_option
def sync(account: str, *, as_json: bool) -> None:
    """Read the templates of ACCOUNT's WABA numbers from Meta, now."""
    with engine.get().connect() as connection:
        owner = accounts.find(connection, account)
        numbers = template_sync.every(connection, owner.id)
    asyncio.run(_sync([each.key_id for each in numbers]))
    with engine.get().connect() as connection:
        output.emit([_synced(each) for each in template_sync.every(connection, owner.id)], as_json=as_json)


@template.command("list")
@arguments.account
@output.json_option
def list_templates(account: str, *, as_json: bool) -> None:
    """List the templates of ACCOUNT."""
    with engine.get().connect() as connection:
        found = templates.every(connection, accounts.find(connection, account).id)
    output.emit([_document(each) for each in found], as_json=as_json)


def _change(change: Callable[[Connection], Template], *, as_json: bool) -> None:
    with engine.get().begin() as connection:
        changed = change(connection)
    output.emit(_document(changed), as_json=as_json)


async def _sync(key_ids: Iterable[UUID]) -> None:
    database, wires = engine.create_async(), open_wires()
    try:
        for key_id in key_ids:
            await meta.sync_now(database, wires, key_id)
    finally:
        await wires.close()
        await database.dispose()


def _publish() -> None:
    """Have a worker hand it in now; without a broker that is done when its time is looked at."""
    with contextlib.suppress(*queues.BROKER_TROUBLE):
        queues.publish_sync()


def _find(template_id: int) -> Template:
    with engine.get().connect() as connection:
        return templates.find(connection, template_id)


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise click.UsageError(f"{text}: give NAME=VALUE")
    return name, value


def _full(made: Template) -> output.Document:
    return {
        **_document(made),
        "status_reason": made.status_reason,
        "variables": list(previews.variables_of(made.content)),
        "body": made.body,
        "key": None if made.key_id is None else ids.encode(ids.KEY, made.key_id),
        "category": made.category,
        "quality": made.quality,
        "provider_id": made.provider_id,
        "synced_at": None if made.synced_at is None else rfc3339(made.synced_at),
    }


def _synced(number: Synced) -> output.Document:
    return {
        "key": ids.encode(ids.KEY, number.key_id),
        "name": number.name,
        "synced_at": None if number.synced_at is None else rfc3339(number.synced_at),
        "error": number.error,
    }


def _document(made: Template) -> output.Document:
    return {
        "id": made.id,
        "channel": made.channel.value,
        "name": made.name,
        "language": made.language,
        "status": made.status,
        "active": made.active,
        "created_at": rfc3339(made.created_at),
    }

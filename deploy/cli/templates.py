"""``antar template``: content that is reviewed once and sent by its number."""

from collections.abc import Callable
from typing import IO

import click
from sqlalchemy import Connection

from deploy.cli import arguments, output
from shared.db import engine
from shared.domain.channels import Channel
from shared.domain.times import rfc3339
from shared.management import accounts, templates
from shared.management.templates import Template

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

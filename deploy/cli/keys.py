"""``antar key``: the channel keys of an account, each with its provider's credentials."""

from collections.abc import Mapping
from typing import IO, Any
from uuid import UUID

import click
from pydantic import ValidationError

from deploy.cli import arguments, output
from shared import ids
from shared.db import engine
from shared.domain.channels import Channel
from shared.domain.states import KeyStatus, OnUnknown
from shared.domain.times import rfc3339
from shared.management import accounts, errors, keys
from shared.management.keys import Key
from worker import channels

_key_id = click.argument("key_id", type=arguments.Identifier(ids.KEY))
_reason = click.option("--reason", help="Why, for the answers to sends that meet this key.")


@click.group()
def key() -> None:
    """Manage channel keys."""


@key.command("add")
@arguments.account
@arguments.channel
@click.option("--name", required=True, help="What people call this sender.")
@click.option("--credentials", type=click.File("rb"), required=True, help="A JSON file, as the channel wants it; - is stdin.")
@click.option(
    "--on-unknown",
    type=click.Choice([policy.value for policy in OnUnknown]),
    default=OnUnknown.NEXT_TIER.value,
    show_default=True,
    help="What to do when nobody can say whether a message left.",
)
@output.json_option
def add(account: str, channel: str, name: str, credentials: IO[bytes], on_unknown: str, *, as_json: bool) -> None:
    """Add a key of CHANNEL to ACCOUNT and print its token, once."""
    document = arguments.read_json(credentials, "credentials")
    _validate(Channel(channel), document)
    with engine.get().begin() as connection:
        owner = accounts.find(connection, account)
        made, plain = keys.create(connection, owner.id, Channel(channel), name, document, on_unknown=OnUnknown(on_unknown))
    output.emit({"token": plain, **_document(made)}, as_json=as_json)


@key.command("list")
@arguments.account
@output.json_option
def list_keys(account: str, *, as_json: bool) -> None:
    """List the channel keys of ACCOUNT."""
    with engine.get().connect() as connection:
        found = keys.every(connection, accounts.find(connection, account).id)
    output.emit([_document(each) for each in found], as_json=as_json)


@key.command("revoke")
@_key_id
@_reason
@output.json_option
def revoke(key_id: UUID, reason: str | None, *, as_json: bool) -> None:
    """Make a key unusable for good."""
    _set_status(key_id, KeyStatus.REVOKED, reason, as_json=as_json)


@key.command("suspend")
@_key_id
@_reason
@output.json_option
def suspend(key_id: UUID, reason: str | None, *, as_json: bool) -> None:
    """Make a key unusable until it is resumed."""
    _set_status(key_id, KeyStatus.SUSPENDED, reason, as_json=as_json)


@key.command("resume")
@_key_id
@output.json_option
def resume(key_id: UUID, *, as_json: bool) -> None:
    """Use a suspended key again."""
    _set_status(key_id, KeyStatus.ACTIVE, None, as_json=as_json)


def _validate(channel: Channel, credentials: Mapping[str, Any]) -> None:
    try:
        channels.adapter(channel).credentials.model_validate(credentials)
    except ValidationError as error:
        raise errors.invalid(error, "credentials") from None


def _set_status(key_id: UUID, status: KeyStatus, reason: str | None, *, as_json: bool) -> None:
    with engine.get().begin() as connection:
        changed = keys.set_status(connection, key_id, status, reason)
    output.emit(_document(changed), as_json=as_json)


def _document(made: Key) -> output.Document:
    return {
        "id": ids.encode(ids.KEY, made.id),
        "channel": made.channel.value,
        "name": made.name,
        "token_prefix": made.token_prefix,
        "status": made.status.value,
        "status_reason": made.status_reason,
        "on_unknown": made.on_unknown.value,
        "created_at": rfc3339(made.created_at),
    }

"""``antar token``: what backends authenticate with."""

import sys
from typing import Final
from uuid import UUID

import click
import redis
from redis.exceptions import RedisError
from sqlalchemy import Connection

from deploy.cli import arguments, output
from deploy.cli.failures import Failure
from shared import ids, settings, signals
from shared.db import engine
from shared.domain.times import rfc3339
from shared.management import accounts, keys, tokens
from shared.management.errors import NotFound
from shared.management.tokens import Token

_PATIENCE: Final = 3.0
"""Seconds to reach Redis."""


@click.group()
def token() -> None:
    """Manage account tokens."""


@token.command("create")
@arguments.account
@click.option("--bound-key", type=arguments.Identifier(ids.KEY), help="The channel key that the token sends with.")
@output.json_option
def create(account: str, bound_key: UUID | None, *, as_json: bool) -> None:
    """Create a token of ACCOUNT and print it, once."""
    with engine.get().begin() as connection:
        account_id = accounts.find(connection, account).id
        if bound_key is not None:
            _check_owner(connection, account_id, bound_key)
        made, plain = tokens.create(connection, account_id, bound_key)
    output.emit({"token": plain, **_document(made)}, as_json=as_json)


@token.command("revoke")
@click.argument("plain", metavar="TOKEN|-")
@output.json_option
def revoke(plain: str, *, as_json: bool) -> None:
    """Revoke TOKEN, for good. With - it is read from stdin, which keeps it out of the list of processes."""
    secret = sys.stdin.readline().strip() if plain == "-" else plain
    with engine.get().begin() as connection:
        revoked = tokens.revoke(connection, secret)
    _announce()
    output.emit(_document(revoked), as_json=as_json)


@token.command("list")
@arguments.account
@output.json_option
def list_tokens(account: str, *, as_json: bool) -> None:
    """List the tokens of ACCOUNT by their first characters."""
    with engine.get().connect() as connection:
        found = tokens.every(connection, accounts.find(connection, account).id)
    output.emit([_document(each) for each in found], as_json=as_json)


def _check_owner(connection: Connection, account_id: UUID, key_id: UUID) -> None:
    if all(key.id != key_id for key in keys.every(connection, account_id)):
        raise NotFound("the account has no such channel key")


def _announce() -> None:
    """Tell the api processes after the commit, so that none reads the token back as it was."""
    current = settings.get()
    try:
        with redis.Redis.from_url(current.signals, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE) as client:
            client.publish(signals.REVOKED, b"")
    except (RedisError, OSError, ValueError) as error:
        message = (
            "the token is revoked, but the api processes could not be told over Redis: "
            f"they may accept it for {current.token_cache_seconds:.0f} s more; running this again tells them"
        )
        raise Failure(message) from error


def _document(made: Token) -> output.Document:
    return {
        "prefix": made.prefix,
        "bound_key": None if made.bound_key_id is None else ids.encode(ids.KEY, made.bound_key_id),
        "created_at": rfc3339(made.created_at),
        "revoked_at": None if made.revoked_at is None else rfc3339(made.revoked_at),
    }

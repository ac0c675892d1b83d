"""``antar token``: what backends authenticate with."""

import sys
from datetime import datetime, timedelta
from uuid import UUID

import click

from deploy.cli import announcing, arguments, output
from shared import ids
from shared.db import engine
from shared.domain.times import rfc3339
from shared.management import accounts, tokens
from shared.management.tokens import Token


@click.group()
def token() -> None:
    """Manage account tokens."""


@token.command("create")
@arguments.account
@click.option("--bound-key", type=arguments.Identifier(ids.KEY), help="The channel key that the token sends with.")
@click.option("--label", help="What people call the token.")
@click.option("--expires-at", type=arguments.Moment(), help="From when on it is not valid any more: ISO 8601 or unix seconds.")
@click.option("--expires-in", type=arguments.Duration(), help="The same as a time from now: 90d, 12h, 30m or 45s.")
@output.json_option
def create(
    account: str,
    bound_key: UUID | None,
    label: str | None,
    expires_at: datetime | None,
    expires_in: timedelta | None,
    *,
    as_json: bool,
) -> None:
    """Create a token of ACCOUNT and print it, once."""
    if expires_at is not None and expires_in is not None:
        raise click.UsageError("give --expires-at or --expires-in")
    with engine.get().begin() as connection:
        account_id = accounts.find(connection, account).id
        ends_at = tokens.end_of(connection, expires_at, expires_in)
        made, plain = tokens.create(connection, account_id, bound_key, label=label, expires_at=ends_at)
    output.emit({"token": plain, **_document(made)}, as_json=as_json)


@token.command("revoke")
@click.argument("plain", metavar="TOKEN|-")
@output.json_option
def revoke(plain: str, *, as_json: bool) -> None:
    """Revoke TOKEN, for good. With - it is read from stdin, which keeps it out of the list of processes."""
    secret = sys.stdin.readline().strip() if plain == "-" else plain
    with engine.get().begin() as connection:
        revoked = tokens.revoke(connection, secret)
    announcing.announce("the token is revoked", "accept it")
    output.emit(_document(revoked), as_json=as_json)


@token.command("list")
@arguments.account
@output.json_option
def list_tokens(account: str, *, as_json: bool) -> None:
    """List the tokens of ACCOUNT by their first characters."""
    with engine.get().connect() as connection:
        found = tokens.every(connection, accounts.find(connection, account).id)
    output.emit([_document(each) for each in found], as_json=as_json)


def _document(made: Token) -> output.Document:
    return {
        "prefix": made.prefix,
        "last4": made.last4,
        "label": made.label,
        "bound_key": None if made.bound_key_id is None else ids.encode(ids.KEY, made.bound_key_id),
        "created_at": rfc3339(made.created_at),
        "expires_at": None if made.expires_at is None else rfc3339(made.expires_at),
        "revoked_at": None if made.revoked_at is None else rfc3339(made.revoked_at),
    }

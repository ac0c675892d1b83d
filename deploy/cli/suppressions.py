"""``antar suppression``: addresses that an account does not write to."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import IO
from uuid import UUID

import click

from deploy.cli import arguments, output
from shared import ids
from shared.db import clock, engine
from shared.domain.channels import Channel
from shared.domain.times import rfc3339
from shared.management import accounts, suppressions
from shared.management.suppressions import MANUAL, REASONS, Filters, Suppression


@click.group()
def suppression() -> None:
    """Manage the addresses that accounts do not write to."""


@suppression.command("add")
@arguments.account
@arguments.channel
@click.argument("addresses", nargs=-1)
@click.option("--file", type=click.File("r"), help="Addresses, one a line; - is stdin.")
@click.option("--reason", type=click.Choice(REASONS), default=MANUAL, show_default=True, help="Why.")
@click.option("--expires-at", type=arguments.Moment(), help="Until when: ISO 8601 or unix seconds; for good unless it is said.")
@click.option("--expires-in", type=arguments.Duration(), help="The same as a time from now: 90d, 12h, 30m or 45s.")
@output.json_option
def add(
    account: str,
    channel: str,
    addresses: tuple[str, ...],
    file: IO[str] | None,
    reason: str,
    expires_at: datetime | None,
    expires_in: timedelta | None,
    *,
    as_json: bool,
) -> None:
    """Suppress ADDRESSES of CHANNEL for ACCOUNT: all of them, or none when one is wrong."""
    named = [*addresses, *_lines(file)]
    if not named or (expires_at is not None and expires_in is not None):
        raise click.UsageError("give addresses, and --expires-at or --expires-in")
    with engine.get().begin() as connection:
        owner = accounts.find(connection, account)
        ends_at = expires_at if expires_in is None else clock.read(connection) + expires_in
        added = suppressions.add(connection, owner.id, Channel(channel), named, reason=reason, expires_at=ends_at)
    output.emit([_document(each) for each in added], as_json=as_json)


@suppression.command("list")
@arguments.account
@arguments.channel_option
@click.option("--reason", type=click.Choice(REASONS), help="Only those of this reason.")
@click.option("--search", help="Only those whose address holds this.")
@arguments.limit
@output.json_option
def list_suppressions(
    account: str, channel: str | None, reason: str | None, search: str | None, limit: int, *, as_json: bool
) -> None:
    """List what ACCOUNT suppresses, the newest first."""
    filters = Filters(channel=None if channel is None else Channel(channel), reason=reason, search=search)
    with engine.get().connect() as connection:
        found = suppressions.page(connection, accounts.find(connection, account).id, filters, limit)
    output.emit([_document(each) for each in found], as_json=as_json)


@suppression.command("remove")
@arguments.account
@click.argument("suppression_id", type=arguments.Identifier(ids.SUPPRESSION))
@output.json_option
def remove(account: str, suppression_id: UUID, *, as_json: bool) -> None:
    """Let ACCOUNT write to an address again, whatever the reason was."""
    with engine.get().begin() as connection:
        removed = suppressions.remove(connection, accounts.find(connection, account).id, suppression_id)
    output.emit(_document(removed), as_json=as_json)


def _lines(file: IO[str] | None) -> Iterator[str]:
    return (line.strip() for line in file or () if line.strip())


def _document(found: Suppression) -> output.Document:
    return {
        "id": ids.encode(ids.SUPPRESSION, found.id),
        "channel": found.channel.value,
        "address": found.address,
        "reason": found.reason,
        "created_at": rfc3339(found.created_at),
        "expires_at": None if found.expires_at is None else rfc3339(found.expires_at),
    }

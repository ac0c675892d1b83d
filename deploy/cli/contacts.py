"""``antar contact``: the people an account knows, and whether they want its messages."""

import click

from deploy.cli import arguments, output
from shared.db import engine
from shared.domain.channels import Channel
from shared.domain.times import rfc3339
from shared.management import accounts, address_book
from shared.management.address_book import Contact, Filters

_address = click.argument("address")


@click.group()
def contact() -> None:
    """Manage contacts."""


@contact.command("list")
@arguments.account
@arguments.channel_option
@click.option("--search", help="Only those whose address or name holds this.")
@click.option("--opted-out/--opted-in", default=None, help="Only those that want nothing, or only the others.")
@arguments.limit
@output.json_option
def list_contacts(
    account: str, channel: str | None, search: str | None, limit: int, *, opted_out: bool | None, as_json: bool
) -> None:
    """List the contacts of ACCOUNT, the newest first."""
    filters = Filters(channel=None if channel is None else Channel(channel), search=search, opted_out=opted_out)
    with engine.get().connect() as connection:
        found = address_book.page(connection, accounts.find(connection, account).id, filters, limit)
    output.emit([_document(each) for each in found], as_json=as_json)


@contact.command("opt-out")
@arguments.account
@arguments.channel
@_address
@output.json_option
def opt_out(account: str, channel: str, address: str, *, as_json: bool) -> None:
    """Let ACCOUNT write to ADDRESS on CHANNEL no more, whether it is known or not."""
    _wish(account, channel, address, opted_out=True, as_json=as_json)


@contact.command("opt-in")
@arguments.account
@arguments.channel
@_address
@output.json_option
def opt_in(account: str, channel: str, address: str, *, as_json: bool) -> None:
    """Let ACCOUNT write to ADDRESS on CHANNEL again."""
    _wish(account, channel, address, opted_out=False, as_json=as_json)


def _wish(account: str, channel: str, address: str, *, opted_out: bool, as_json: bool) -> None:
    with engine.get().begin() as connection:
        owner = accounts.find(connection, account)
        changed = address_book.wish(connection, owner.id, Channel(channel), address, opted_out=opted_out)
    output.emit(_document(changed), as_json=as_json)


def _document(found: Contact) -> output.Document:
    return {
        "id": found.id,
        "channel": found.channel.value,
        "address": found.address,
        "name": found.name,
        "opted_out": found.opted_out,
        "created_at": rfc3339(found.created_at),
        "updated_at": rfc3339(found.updated_at),
    }

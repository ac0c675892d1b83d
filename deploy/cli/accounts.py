"""``antar account``: the tenants."""

import click

from deploy.cli import output
from shared import ids
from shared.db import engine
from shared.domain.times import rfc3339
from shared.management import accounts
from shared.management.accounts import Account


@click.group()
def account() -> None:
    """Manage accounts."""


@account.command("create")
@click.argument("name")
@output.json_option
def create(name: str, *, as_json: bool) -> None:
    """Create an account named NAME."""
    with engine.get().begin() as connection:
        made = accounts.create(connection, name)
    output.emit(_document(made), as_json=as_json)


@account.command("list")
@output.json_option
def list_accounts(*, as_json: bool) -> None:
    """List all accounts."""
    with engine.get().connect() as connection:
        found = accounts.every(connection)
    output.emit([_document(each) for each in found], as_json=as_json)


def _document(made: Account) -> output.Document:
    return {
        "id": ids.encode(ids.ACCOUNT, made.id),
        "name": made.name,
        "status": made.status,
        "created_at": rfc3339(made.created_at),
    }

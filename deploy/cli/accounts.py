"""``antar account``: the tenants."""

from typing import Any

import click

from deploy.cli import announcing, arguments, output
from shared import ids
from shared.db import engine
from shared.domain.times import rfc3339
from shared.management import accounts
from shared.management.accounts import LIMITS, Account

_PER_MINUTE = arguments.OrNone(click.INT)


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


@account.command("set")
@arguments.account
@click.option("--write-per-minute", type=_PER_MINUTE, metavar="N|none", help="Writing requests of the Kirim dialect.")
@click.option("--read-per-minute", type=_PER_MINUTE, metavar="N|none", help="Its reading ones.")
@click.option("--kanal-per-minute", type=_PER_MINUTE, metavar="N|none", help="Sends of the Kanal dialect, for each token.")
@click.option("--subscribed/--unsubscribed", default=None, help="Whether it may send in the Kanal dialect.")
@output.json_option
def set_account(account: str, subscribed: bool | None, *, as_json: bool, **limits: Any) -> None:  # noqa: FBT001 - click names it.
    """Change ACCOUNT; what is not named stays as it is, and ``none`` gives it everybody's limit."""
    given = {name: each.value for name, each in limits.items() if each is not None}
    if not given and subscribed is None:
        raise click.UsageError("name what to change")
    with engine.get().begin() as connection:
        found = accounts.find(connection, account)
        changed = accounts.change(connection, found.id, given, subscribed=subscribed)
    announcing.announce("the account is changed", "go by what it was")
    output.emit(_document(changed), as_json=as_json)


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
        "subscribed": made.subscribed,
        **{name: made.settings.get(name) for name in LIMITS},
        "created_at": rfc3339(made.created_at),
    }

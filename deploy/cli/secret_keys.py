"""``antar secrets``: the keys of ``ANTAR_SECRET_KEYS``, which encrypt what customers have entrusted to antar."""

import secrets as randomness
from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final

import click

from deploy.cli import output
from deploy.cli.failures import WrongInput
from shared import vault
from shared.db import engine
from shared.management import secret_keys
from shared.management.secret_keys import Became, Standing, Use

_UNFINISHED: Final = 2
_IN_AN_ID: Final = frozenset("-_.")


@click.group()
def secrets() -> None:
    """Make, look at and rotate the keys of ANTAR_SECRET_KEYS."""


@secrets.command("new")
@click.option("--id", "identifier", help="What the key is called; by default its day, and four digits.")
@output.json_option
def new(identifier: str | None, *, as_json: bool) -> None:
    """Print a new entry for ANTAR_SECRET_KEYS. Nothing is changed."""
    named = _day() if identifier is None else identifier
    if not named or not all(each.isascii() and (each.isalnum() or each in _IN_AN_ID) for each in named):
        raise WrongInput("--id must be made of ASCII letters, digits, dots, hyphens and underscores")
    entry = vault.new_key(named)
    output.emit({"id": named, "entry": entry}, as_json=as_json, show=lambda made: click.echo(made["entry"]))


@secrets.command("status")
@output.json_option
def status(*, as_json: bool) -> None:
    """Tell how much is encrypted under which key, and under keys that are missing."""
    output.emit([_document(each) for each in _uses()], as_json=as_json)


@secrets.command("rotate")
@output.json_option
@click.pass_context
def rotate(context: click.Context, *, as_json: bool) -> None:
    """Re-encrypt everything under the active key, the first of the list, while the system runs.

    It may be interrupted and repeated at any time. Exit status 2 says that something is not under the active key afterwards.
    """
    became = Counter(secret_keys.rotate(engine.get()))
    uses = _uses()
    left = sum(use.number for use in uses if use.standing is not Standing.ACTIVE)
    output.emit({"active": uses[0].key, **{each.value: became[each] for each in Became}, "left": left}, as_json=as_json)
    if left:
        click.echo(_explain(uses, became), err=True)
        context.exit(_UNFINISHED)


def _day() -> str:
    return f"{datetime.now(UTC):%Y%m%d}-{randomness.token_hex(2)}"


def _uses() -> list[Use]:
    with engine.get().connect() as connection:
        return secret_keys.uses(connection)


def _document(use: Use) -> dict[str, Any]:
    return {"key": use.key, "standing": use.standing.value, **{of.replace(" ", "_"): number for of, number in use.numbers.items()}}


def _explain(uses: list[Use], became: Counter[Became]) -> str:
    missing = [use.key for use in uses if use.standing is Standing.MISSING and use.number]
    if missing:
        return f"ANTAR_SECRET_KEYS lacks {', '.join(missing)}: put it back, or give what is encrypted under it new credentials"
    if became[Became.UNREADABLE]:
        return "some could not be decrypted: they were altered or moved, or another key had this id; give them new credentials"
    return "some were changed meanwhile by processes with another active key: restart these, and repeat"

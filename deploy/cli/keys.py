"""``antar key``: the channel keys of an account, each with its provider's credentials."""

import asyncio
import functools
from collections.abc import Callable, Mapping
from typing import IO, Any, Final, cast
from uuid import UUID

import click

from deploy.cli import announcing, arguments, output
from shared import ids
from shared.db import engine
from shared.db.tables.channel_keys import QUOTA_PERIODS
from shared.domain import key_settings
from shared.domain.channels import Channel
from shared.domain.key_settings import WINDOW, WINDOWS
from shared.domain.outcome import Action, NotSent
from shared.domain.states import KeyStatus, OnUnknown
from shared.domain.times import rfc3339
from shared.management import accounts, credentials, keys
from shared.management.keys import Key, Limits
from worker import probing
from worker.channels.base import Finding
from worker.runtime.wires import open_wires

_key_id = click.argument("key_id", type=arguments.Identifier(ids.KEY))
_reason = click.option("--reason", help="Why, for the answers to sends that meet this key.")
_CREDENTIALS: Final = "JSON file, as the channel wants it; - is stdin."


def _limits(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that :class:`Limits` has fields for."""
    kinds = (click.FLOAT, click.INT, click.Choice(QUOTA_PERIODS), click.STRING, click.Choice(WINDOWS))
    rate, number, period, text, window = (arguments.OrNone(inner) for inner in kinds)
    options = (
        click.option("--sender", type=text, metavar="NUMBER|none", help="The phone number it sends from, with its country code."),
        click.option("--window", type=window, metavar=f"{'|'.join(WINDOWS)}|none", help="Who judges WABA's 24-hour window."),
        click.option(
            "--late-fallback", type=arguments.Switch(), help="Whether a failure that is reported late opens the next tier."
        ),
        click.option("--rate", "rate_per_second", type=rate, metavar="N|none", help="Messages a second."),
        click.option("--quota", "quota_limit", type=number, metavar="N|none", help="Messages in a period, or in all without one."),
        click.option("--quota-period", type=period, metavar=f"{'|'.join(QUOTA_PERIODS)}|none", help="When it begins anew."),
        click.option(
            "--on-unknown",
            type=click.Choice([policy.value for policy in OnUnknown]),
            help="What to do when nobody can say whether a message left; a new key has next_tier.",
        ),
    )
    return functools.reduce(lambda decorated, option: option(decorated), reversed(options), command)


@click.group()
def key() -> None:
    """Manage channel keys."""


@key.command("add")
@arguments.account
@arguments.channel
@click.option("--name", required=True, help="What people call this sender.")
@click.option("--credentials", type=click.File("rb"), required=True, help=f"A {_CREDENTIALS}")
@_limits
@output.json_option
def add(account: str, channel: str, name: str, credentials: IO[bytes], *, as_json: bool, **limits: Any) -> None:
    """Add a key of CHANNEL to ACCOUNT and print its token, once."""
    document = _read_credentials(Channel(channel), credentials)
    with engine.get().begin() as connection:
        owner = accounts.find(connection, account)
        made, plain = keys.create(connection, owner.id, Channel(channel), name, document, **_given(limits))
    output.emit({"token": plain, **_document(made)}, as_json=as_json)


@key.command("set")
@_key_id
@click.option("--credentials", type=click.File("rb"), help=f"Other credentials, in a {_CREDENTIALS}")
@_limits
@output.json_option
def set_limits(key_id: UUID, credentials: IO[bytes] | None, *, as_json: bool, **limits: Any) -> None:
    """Change a key; what is not named stays as it is."""
    if credentials is None and not _given(limits):
        raise click.UsageError("name what to change")
    # Read before the key is locked: workers need it, and what is typed on stdin may take its time.
    document = None if credentials is None else _read_credentials(_find(key_id).channel, credentials)
    with engine.get().begin() as connection:
        changed = keys.change(connection, key_id, _given(limits))
        if document is not None:
            changed = keys.renew(connection, key_id, document)
    output.emit(_document(changed), as_json=as_json)


@key.command("list")
@arguments.account
@output.json_option
def list_keys(account: str, *, as_json: bool) -> None:
    """List the channel keys of ACCOUNT."""
    with engine.get().connect() as connection:
        found = keys.every(connection, accounts.find(connection, account).id)
    output.emit([(_document if as_json else _line)(each) for each in found], as_json=as_json)


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


@key.command("rotate-token")
@_key_id
@output.json_option
def rotate_token(key_id: UUID, *, as_json: bool) -> None:
    """Give a key another token and print it, once; the old one sends nothing more."""
    with engine.get().begin() as connection:
        rotated, plain = keys.rotate_token(connection, key_id)
    output.emit({"token": plain, **_document(rotated)}, as_json=as_json)
    announcing.announce("the key has another token", "take the old one")


@key.command("probe")
@_key_id
@output.json_option
def probe(key_id: UUID, *, as_json: bool) -> None:
    """Ask the provider now whether a key can send. One that a refusal has suspended is resumed if it can."""
    _find(key_id)
    finding = asyncio.run(_probe(key_id))
    output.emit({**_finding(finding), **_document(_find(key_id))}, as_json=as_json)


async def _probe(key_id: UUID) -> Finding:
    database, wires = engine.create_async(), open_wires()
    try:
        return await probing.probe_now(database, wires, key_id)
    finally:
        await wires.close()
        await database.dispose()


def _find(key_id: UUID) -> Key:
    with engine.get().connect() as connection:
        return keys.find(connection, key_id)


def _finding(finding: Finding) -> output.Document:
    """Say whether the key can send: yes, no, or that nobody knows."""
    if finding is None:
        return {"can_send": True, "code": None, "reason": None}
    refused = isinstance(finding, NotSent) and finding.action is Action.KEY
    return {"can_send": False if refused else None, "code": finding.code.value, "reason": finding.reason}


def _read_credentials(channel: Channel, file: IO[bytes]) -> Mapping[str, Any]:
    document = arguments.read_json(file, "credentials")
    credentials.check(channel, document)
    return document


def _given(limits: Mapping[str, Any]) -> Limits:
    """Give the limits that were named on the command line."""
    named = {name: each.value if isinstance(each, arguments.Given) else each for name, each in limits.items() if each is not None}
    return cast("Limits", named)


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
        "sender": made.sender,
        "status": made.status.value,
        "status_code": made.status_code,
        "status_reason": made.status_reason,
        "status_since": rfc3339(made.status_at or made.created_at),
        "rate_per_second": made.rate_per_second,
        "quota_limit": made.quota_limit,
        "quota_used": made.quota_used,
        "quota_period": made.quota_period,
        "quota_resets_at": None if made.quota_resets_at is None else rfc3339(made.quota_resets_at),
        "on_unknown": made.on_unknown.value,
        "window": made.settings.get(WINDOW, WINDOWS[0]) if made.channel is Channel.WABA else None,
        "late_fallback": key_settings.falls_back_late(made.channel, made.settings),
        "created_at": rfc3339(made.created_at),
    }


def _line(made: Key) -> output.Document:
    """Give what fits into a row."""
    return {
        "id": ids.encode(ids.KEY, made.id),
        "channel": made.channel.value,
        "name": made.name,
        "sender": made.sender,
        "status": made.status.value,
        "code": made.status_code,
        "reason": made.status_reason,
        "since": rfc3339(made.status_at or made.created_at),
        "rate": made.rate_per_second,
        "quota": _quota(made),
        "on_unknown": made.on_unknown.value,
    }


def _quota(made: Key) -> str | None:
    if made.quota_limit is None:
        return None
    return f"{made.quota_used}/{made.quota_limit}{f' a {made.quota_period}' if made.quota_period else ''}"

"""Accounts of these tests' own: what they make is seen by no other test, and no limit of requests is in their way."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import httpx
from sqlalchemy import Connection, update

from deploy.local import demo_accounts, ports
from deploy.local.sandbox import accounts as sandbox_accounts
from deploy.local.stack import Stack
from shared import ids
from shared.db.statements import people
from shared.db.tables import channel_keys
from shared.domain.channels import Channel
from shared.management import accounts, templates, tokens
from shared.settings import HIGHEST_PER_MINUTE
from tests.acceptance.backend import Backend, new_phone
from tests.integration import this_process

_NUMBERS = iter(range(11, 20))
"""Places in the sandbox that no other account has."""


@contextmanager
def connected(stack: Stack) -> Iterator[Connection]:
    """Let this process write into a stack's database, as an operator does."""
    with this_process.set_up(stack.environment()) as engine, engine.begin() as connection:
        yield connection


@dataclass(frozen=True, kw_only=True)
class Tenant(Backend):
    """An account with a key and a template per channel."""

    account: str
    """Its id, as Kirim writes it."""
    key_ids: Mapping[str, str]
    phone_number_id: str
    """Meta's id of the account's number."""
    person: str
    """A number that wrote to the account a moment ago, so that it may be answered freely."""
    waba_template: str
    """What Meta knows its template by; no other account has one of this name."""


def make(stack: Stack, http: httpx.Client, sandbox: httpx.Client) -> Tenant:
    """Make an account. What its bot may have sent waits for a person."""
    number = next(_NUMBERS)
    with connected(stack) as connection:
        account_id = accounts.create(connection, f"openapi {ids.new()}").id
        accounts.change(connection, account_id, dict.fromkeys(accounts.LIMITS, HIGHEST_PER_MINUTE))
        smtp = (ports.HOST, stack.ports["smtp"])
        keys = demo_accounts._keys(connection, account_id, stack.sandbox_url, smtp, number)
        held = update(channel_keys).where(channel_keys.c.id == keys[Channel.TELEGRAM][0]).values(on_unknown="hold")
        connection.execute(held)
        person = new_phone()
        _write_to(connection, account_id, keys[Channel.WABA][0], person)
        return Tenant(
            http=http,
            sandbox=sandbox,
            token=tokens.create(connection, account_id)[1],
            keys={channel: plain for channel, (_, plain) in keys.items()},
            templates={channel: _template(connection, account_id, channel, f"order_{number}") for channel in Channel},
            account=ids.encode(ids.ORGANISATION, account_id),
            key_ids={channel: ids.encode(ids.KEY, identifier) for channel, (identifier, _) in keys.items()},
            phone_number_id=sandbox_accounts.waba("", number)["phone_number_id"],
            person=person,
            waba_template=f"order_{number}",
        )


def _write_to(connection: Connection, account_id: UUID, key_id: UUID, person: str) -> None:
    row = {"key_id": str(key_id), "account_id": str(account_id), "address": person, "at": datetime.now(UTC).isoformat()}
    connection.execute(people.note_inbound, {"rows": json.dumps([row])})


def _template(connection: Connection, account_id: UUID, channel: Channel, name: str) -> int:
    named = {"name": name} if channel is Channel.WABA else {}
    made = templates.create(connection, account_id, channel, name, {**demo_accounts._TEMPLATES[channel], **named})
    return templates.approve(connection, made.id).id

"""Makes the accounts of the demonstration; run with a stack's environment, it prints what it made as JSON.

Started as ``python -m deploy.local.demo_accounts SANDBOX_URL SMTP_HOST SMTP_PORT``.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection

from deploy.local.sandbox import accounts as sandbox
from shared import ids
from shared.db import engine
from shared.domain.channels import Channel
from shared.management import accounts, errors, keys, templates, tokens
from shared.management.keys import Limits

_TEXT: Final = "Hi {{name}}, your order {{order_id}} is ready."
_TEMPLATES: Final[Mapping[Channel, Mapping[str, Any]]] = {
    Channel.WHATSAPP: {"type": "text", "message": _TEXT},
    Channel.TELEGRAM: {
        "type": "interactive",
        "message": _TEXT,
        "richContext": {"buttons": [[{"text": "Track", "url": "https://shop.example/orders/{{order_id}}"}]]},
    },
    Channel.EMAIL: {
        "subject": "Your order {{order_id}} is ready",
        "html": "<h1>Hi {{name}}</h1><p>Your order <b>{{order_id}}</b> is ready to be picked up.</p>",
    },
    Channel.WABA: {
        "name": "order_ready",
        "language": "en_US",
        "components": [{"type": "BODY", "text": _TEXT}],
    },
}


def make(connection: Connection, sandbox_url: str, host: str, port: int) -> dict[str, Any]:
    """Make two accounts, each with a key per channel; the first also with a template per channel."""
    first, second = _account(connection, "demo"), _account(connection, "second")
    first_keys = _keys(connection, first, sandbox_url, (host, port), 1)
    second_keys = _keys(connection, second, sandbox_url, (host, port), 2)
    return {
        "token": tokens.create(connection, first)[1],
        **_named(first_keys),
        "templates": {channel: _template(connection, first, channel) for channel in Channel},
        "webhook_secrets": {Channel.WHATSAPP: sandbox.WAHA_HMAC_KEY, Channel.TELEGRAM: sandbox.TELEGRAM_SECRET_TOKEN},
        "kanal_token": tokens.create(connection, first, bound_key_id=first_keys[Channel.WABA][0])[1],
        "second_account": {
            "token": tokens.create(connection, second)[1],
            **_named(second_keys),
        },
    }


def _account(connection: Connection, name: str) -> UUID:
    """Make an account, or find the one that an earlier demonstration made."""
    try:
        return accounts.create(connection, name).id
    except errors.AlreadyExists:
        return accounts.find(connection, name).id


def _keys(
    connection: Connection, account_id: UUID, sandbox_url: str, smtp: tuple[str, int], number: int
) -> dict[Channel, tuple[UUID, str]]:
    credentials = {
        Channel.WHATSAPP: sandbox.waha(sandbox_url, number),
        Channel.WABA: sandbox.waba(sandbox_url, number),
        Channel.TELEGRAM: sandbox.telegram(sandbox_url, number),
        Channel.EMAIL: sandbox.email(*smtp, number),
    }
    senders: Mapping[Channel, Limits] = {Channel.WABA: {"sender": sandbox.OWN_NUMBER}}
    made = {
        channel: keys.create(connection, account_id, channel, f"sandbox {channel}", held, **senders.get(channel, {}))
        for channel, held in credentials.items()
    }
    return {channel: (key.id, plain) for channel, (key, plain) in made.items()}


def _named(made: Mapping[Channel, tuple[UUID, str]]) -> dict[str, dict[Channel, str]]:
    """Give the tokens of keys, and their ids."""
    return {
        "keys": {channel: plain for channel, (_, plain) in made.items()},
        "key_ids": {channel: ids.encode(ids.KEY, identifier) for channel, (identifier, _) in made.items()},
    }


def _template(connection: Connection, account_id: UUID, channel: Channel) -> int:
    template = templates.create(connection, account_id, channel, "order_ready", _TEMPLATES[channel])
    return templates.approve(connection, template.id).id


def main() -> None:
    """Make the accounts in one transaction and print them."""
    sandbox_url, host, port = sys.argv[1:4]
    with engine.get().begin() as connection:
        made = make(connection, sandbox_url, host, int(port))
    json.dump(made, sys.stdout)


if __name__ == "__main__":
    main()

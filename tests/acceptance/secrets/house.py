"""An account all of whose secrets and people are unmistakable, and all that it does and suffers."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import Engine, insert

from deploy.local.sandbox import accounts as sandbox
from deploy.local.stack import Stack
from shared import ids
from shared.db.tables import templates as table
from shared.domain.channels import Channel
from shared.management import accounts, keys, templates, tokens
from tests.acceptance.backend import Backend, JsonObject
from tests.acceptance.secrets.plants import ADDRESSES, RUN, word

_SECRET = f"sandbox-{RUN}"
"""What the sandbox takes for a good secret."""
_BODIES: JsonObject = {
    "whatsapp": {"type": "text", "message": f"{word('template')} {{{{name}}}}"},
    "waba": {"name": "planted", "language": "en_US", "components": [{"type": "BODY", "text": f"{word('template')} {{{{name}}}}"}]},
    "telegram": {"type": "text", "message": f"{word('template')} {{{{name}}}}"},
    "email": {"subject": word("template"), "html": f"<p>{word('template')} {{{{name}}}}</p>"},
}
_UNREADABLE = {
    "name": "x",
    "language": "en_US",
    "components": [{"type": "BODY", "text": "x"}, {"type": "BUTTONS", "buttons": [RUN]}],
}


def _credentials(stack: Stack, smtp: JsonObject) -> dict[Channel, JsonObject]:
    url = stack.sandbox_url
    return {
        Channel.WHATSAPP: {**sandbox.waha(url), "api_key": f"{_SECRET}credential", "webhook_secret": word("credential")},
        Channel.WABA: {
            **sandbox.waba(url, 77),
            "access_token": f"{_SECRET}credential",
            "app_secret": word("credential"),
            "verify_token": word("credential"),
        },
        Channel.TELEGRAM: {
            **sandbox.telegram(url),
            "bot_token": f"{sandbox.bot_id(77)}:{_SECRET}credential",
            "webhook_secret": word("credential"),
        },
        Channel.EMAIL: {**sandbox.email(smtp["host"], smtp["port"]), "password": f"{_SECRET}credential"},
    }


@dataclass(frozen=True, kw_only=True)
class House:
    """The account's client, and what antar has made for it that nobody else may know."""

    backend: Backend
    broken_template: int
    key_ids: dict[str, str]
    made: dict[str, str]

    def send(self, channel: str, content: Any = None) -> JsonObject:
        """Build a send by one channel to the planted address."""
        inline = {"message": {"type": "text", "message": word("body")}}
        usual = {"template": self.backend.templates["email"]} if channel == "email" else inline
        body = self.backend.send({channel: 0}, {channel: content or usual})
        target = {channel: ADDRESSES[channel], "variables": {"name": word("variable"), "order_id": word("variable")}}
        return {**body, "target": target}

    def post(self, body: Any, **headers: str) -> httpx.Response:
        return self.backend.post(body, **headers)


def found(stack: Stack, engine: Engine, backend: Backend, smtp: JsonObject) -> House:
    """Make the account."""
    with engine.begin() as connection:
        account_id = accounts.create(connection, f"house {ids.new()}").id
        made = {
            channel: keys.create(connection, account_id, channel, "key", held)
            for channel, held in _credentials(stack, smtp).items()
        }
        token = tokens.create(connection, account_id)[1]
        bound = tokens.create(connection, account_id, bound_key_id=made[Channel.WABA][0].id)[1]
        approved = {channel.value: _template(connection, account_id, channel) for channel in Channel}
        values = {"account_id": account_id, "channel": "waba", "name": "broken", "language": "en_US", "body": _UNREADABLE}
        statement = insert(table).values(**values, status="approved", active=True).returning(table.c.id)
        broken: int = connection.execute(statement).scalar_one()
    plain = {channel.value: each[1] for channel, each in made.items()}
    return House(
        backend=replace(backend, token=token, keys=plain, templates=approved),
        broken_template=broken,
        key_ids={channel.value: ids.encode(ids.KEY, each[0].id) for channel, each in made.items()},
        made={"account token": token, "bound token": bound, **{f"channel token of {name}": each for name, each in plain.items()}},
    )


def _template(connection: Any, account_id: UUID, channel: Channel) -> int:
    made = templates.create(connection, account_id, channel, "planted", _BODIES[channel])
    return templates.approve(connection, made.id).id


@contextmanager
def stopped(stack: Stack, *names: str) -> Iterator[None]:
    """Let processes stand still for a while."""
    for name in names:
        stack.kill(name, signal.SIGSTOP)
    try:
        yield
    finally:
        for name in names:
            stack.kill(name, signal.SIGCONT)

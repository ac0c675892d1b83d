"""A team that speaks Kanal: its API key, its number, and what is known of its contacts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import Connection, Engine, Row, func, insert, select, update

from deploy.local.sandbox import accounts as sandbox
from shared import ids
from shared.db.tables import channel_keys, contacts, conversations
from shared.domain.channels import Channel
from shared.management import accounts, keys, templates, tokens
from tests.acceptance.backend import JsonObject, new_phone

_numbers = count(8_000_000)

COMPONENTS = (
    {"type": "HEADER", "format": "TEXT", "text": "Order {{order_id}}"},
    {"type": "BODY", "text": "Hi {{name}}, your order {{order_id}} is ready."},
    {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Track", "url": "https://shop.example/{{code}}"}]},
)
VARIABLES = {"name": "Alex", "order_id": 1001, "code": "x7"}


def text(to: str, body: str = "Hello from the API!") -> JsonObject:
    """Give the body of the contract's first example."""
    return {"to": to, "type": "text", "text": {"body": body}}


@dataclass(frozen=True, kw_only=True)
class Team:
    """One account's client."""

    http: httpx.Client
    engine: Engine
    account_id: UUID
    key_id: UUID
    token: str

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post(f"/api/v1/{path}", json=body, headers={"Authorization": f"Bearer {self.token}", **named})

    def send(self, body: Any, **headers: str) -> httpx.Response:
        """Post a free-form message."""
        return self.post("messages/send", body, **headers)

    def get(self, path: str) -> httpx.Response:
        return self.http.get(path, headers={"Authorization": f"Bearer {self.token}"})

    def sends_to(self, phone: str) -> list[JsonObject]:
        """Look the sends to a number up as any other."""
        found: list[JsonObject] = self.get(f"/v1/sends?recipient={phone}").json()["data"]
        return found

    def open_window(self, phone: str | None = None, hours: float = 0.0) -> str:
        """Let a contact have written to the number so many hours ago; give its number."""
        phone = phone or new_phone()
        at = func.now() - func.make_interval(0, 0, 0, 0, 0, 0, hours * 3600)
        values = {"key_id": self.key_id, "address": phone, "account_id": self.account_id, "last_inbound_at": at}
        with self.engine.begin() as connection:
            connection.execute(insert(conversations).values(values))
        return phone

    def opt_out(self, phone: str) -> int:
        """Let somebody opt out; give the contact's id."""
        values = {"account_id": self.account_id, "channel": Channel.WABA, "address": phone, "opted_out_at": func.now()}
        with self.engine.begin() as connection:
            identifier: int = connection.execute(insert(contacts).values(values).returning(contacts.c.id)).scalar_one()
        return identifier

    def contacts(self, phone: str) -> list[Row[Any]]:
        columns = (contacts.c.id, contacts.c.name, contacts.c.email)
        with self.engine.connect() as connection:
            owned = select(*columns).where(contacts.c.account_id == self.account_id, contacts.c.address == phone)
            return list(connection.execute(owned))

    def template(self, *components: JsonObject, approved: bool = True, active: bool = True, **body: Any) -> int:
        """Make a template."""
        held = {"name": "order_ready", "language": "en_US", "components": components or COMPONENTS, **body}
        with self.engine.begin() as connection:
            made = templates.create(connection, self.account_id, Channel.WABA, "order_ready", held)
            if approved:
                templates.approve(connection, made.id)
            if not active:
                templates.deactivate(connection, made.id)
        return made.id

    def with_token(self, *, bound_key_id: UUID | None = None) -> "Team":
        """Give the same team with another API key."""
        with self.engine.begin() as connection:
            return replace(self, token=tokens.create(connection, self.account_id, bound_key_id)[1])


def make(http: httpx.Client, engine: Engine, sandbox_url: str, *, subscribed: bool = True, per_minute: int = 100_000) -> Team:
    """Make a team with one number."""
    limits: Mapping[str, int | None] = {"kanal_per_minute": per_minute}
    with engine.begin() as connection:
        account_id = accounts.create(connection, f"kanal {ids.new()}").id
        accounts.change(connection, account_id, limits, subscribed=subscribed)
        key_id = add_number(connection, account_id, sandbox_url)
        _, token = tokens.create(connection, account_id)
    return Team(http=http, engine=engine, account_id=account_id, key_id=key_id, token=token)


def add_number(connection: Connection, account_id: UUID, sandbox_url: str) -> UUID:
    """Give a team a number of its own at the sandbox."""
    credentials = sandbox.waba(sandbox_url, next(_numbers))
    made, _ = keys.create(connection, account_id, Channel.WABA, "number", credentials, sender=sandbox.OWN_NUMBER)
    known = update(channel_keys).where(channel_keys.c.id == made.id).values(provider_id=credentials["phone_number_id"])
    connection.execute(known)
    return made.id


def provider_id(team: Team) -> int:
    """Give Meta's id of a team's number."""
    with team.engine.connect() as connection:
        wanted = select(channel_keys.c.provider_id).where(channel_keys.c.id == team.key_id)
        return int(connection.execute(wanted).scalar_one())

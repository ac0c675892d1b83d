"""An account that speaks Kirim: its token, its numbers and its templates."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import Engine, update

from deploy.local.sandbox import accounts as sandbox
from shared import ids
from shared.db.tables import channel_keys
from shared.domain.channels import Channel
from shared.domain.states import KeyStatus
from shared.management import accounts, keys, templates, tokens
from tests.acceptance.backend import JsonObject, await_true, new_phone

_numbers = count(9_000_000)


def text(to: str | None = None, body: str = "Halo dari Kirim") -> JsonObject:
    """Give the contract's first message, to somebody nobody else writes to."""
    return {"to": to or f"+{new_phone()}", "type": "text", "text": {"body": body}}


@dataclass(frozen=True, kw_only=True)
class Organisation:
    """One account's client."""

    http: httpx.Client
    engine: Engine
    sandbox_url: str
    account_id: UUID
    name: str
    token: str

    def post(self, body: Any, path: str = "/v1/messages", **headers: str) -> httpx.Response:
        """Post a message, or what else is given."""
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        return self.http.post(path, headers={**self.authorization, **_dashed(headers)}, **content)

    def get(self, path: str, **query: str | int) -> httpx.Response:
        return self.http.get(path, params=query, headers=self.authorization)

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def sent(self, body: Any, **headers: str) -> str:
        """Post a message that is accepted and give its id."""
        answer = self.post(body, **headers)
        assert answer.status_code == 202, answer.text
        identifier: str = answer.json()["data"]["id"]
        return identifier

    def look_up(self, identifier: str) -> JsonObject:
        answer = self.get(f"/v1/messages/{identifier}")
        assert answer.status_code == 200, answer.text
        data: JsonObject = answer.json()["data"]
        return data

    def reached(self, identifier: str, *statuses: str) -> JsonObject:
        """Wait until a message has one of these statuses and give it."""
        await_true(lambda: self.look_up(identifier)["status"] in statuses)
        return self.look_up(identifier)

    def add_number(self, sender: str | None = sandbox.OWN_NUMBER, **settings: Any) -> UUID:
        """Connect a number at the sandbox."""
        credentials = sandbox.waba(self.sandbox_url, next(_numbers))
        with self.engine.begin() as connection:
            made, _ = keys.create(connection, self.account_id, Channel.WABA, "number", credentials, sender=sender)
            connection.execute(update(channel_keys).where(channel_keys.c.id == made.id).values(settings=settings))
        return made.id

    def revoke(self, key_id: UUID) -> None:
        with self.engine.begin() as connection:
            keys.set_status(connection, key_id, KeyStatus.REVOKED)

    def add_template(self, name: str, language: str = "id_ID", status: str = "approved", *, active: bool = True) -> int:
        """Make a template; what people call it is not what Meta calls it."""
        body = {"name": name, "language": language, "components": [{"type": "BODY", "text": "Halo {{1}}"}]}
        with self.engine.begin() as connection:
            made = templates.create(connection, self.account_id, Channel.WABA, f"our {name}", body)
            if status == "approved":
                templates.approve(connection, made.id)
            if status == "rejected":
                templates.reject(connection, made.id)
            if not active:
                templates.deactivate(connection, made.id)
        return made.id

    def with_token(self, bound_key_id: UUID | None = None, **options: Any) -> "Organisation":
        """Give the same account with another token."""
        with self.engine.begin() as connection:
            return replace(self, token=tokens.create(connection, self.account_id, bound_key_id, **options)[1])

    def revoke_token(self) -> None:
        with self.engine.begin() as connection:
            tokens.revoke(connection, self.token)

    def expire_token(self, moment: datetime) -> "Organisation":
        """Give the same account with a token that is valid until a moment."""
        return self.with_token(expires_at=moment)


def _dashed(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def make(http: httpx.Client, engine: Engine, sandbox_url: str, **limits: int) -> Organisation:
    """Make an account without a number; no limit is in its way unless one is given."""
    name = f"kirim {ids.new()}"
    generous: Mapping[str, int | None] = {"write_per_minute": 100_000, "read_per_minute": 100_000}
    with engine.begin() as connection:
        account_id = accounts.create(connection, name).id
        accounts.change(connection, account_id, {**generous, **limits})
        _, token = tokens.create(connection, account_id)
    return Organisation(http=http, engine=engine, sandbox_url=sandbox_url, account_id=account_id, name=name, token=token)

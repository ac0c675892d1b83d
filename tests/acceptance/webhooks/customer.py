"""An account that wants to hear of its messages."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import insert, update

from shared import ids
from shared.db.tables import webhook_deliveries, webhook_subscriptions
from tests.acceptance.backend import JsonObject, await_true
from tests.acceptance.kirim.organisation import Organisation

SUBSCRIPTIONS = "/v1/webhook_subscriptions"
DELIVERIES = "/v1/webhook_deliveries"
EVENTS = ["message.received", "message.status"]


@dataclass(frozen=True)
class Customer:
    """One account's client."""

    account: Organisation

    def ask(self, method: str, path: str, body: Any = None, **query: str | int) -> httpx.Response:
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        return self.account.http.request(method, path, params=query, headers=self.account.authorization, content=content)

    def told(self, method: str, path: str, body: Any = None, *, status: int = 200, **query: str | int) -> Any:
        """Ask what is done, and give the ``data``."""
        answer = self.ask(method, path, body, **query)
        assert answer.status_code == status, answer.text
        assert answer.json()["request_id"] == answer.headers["X-Request-Id"]
        return answer.json()["data"]

    def subscribe(self, url: str, events: Any = EVENTS, **more: Any) -> JsonObject:
        made: JsonObject = self.told("POST", SUBSCRIPTIONS, {"url": url, "events": events, **more}, status=201)
        return made

    def look_up(self, webhook_id: str) -> JsonObject:
        found: JsonObject = self.told("GET", f"{DELIVERIES}/{webhook_id}")
        return found

    def reached(self, webhook_id: str, *states: str) -> JsonObject:
        """Wait until a webhook stands so and give it."""
        await_true(lambda: self.look_up(webhook_id)["status"] in states)
        return self.look_up(webhook_id)

    def listed(self, path: str, **query: str | int) -> list[JsonObject]:
        """Give all pages of a list."""
        found: list[JsonObject] = []
        more: dict[str, str] = {}
        while True:
            page = self.ask("GET", path, **query, **more).raise_for_status().json()
            found += page["data"]
            assert page["has_more"] is (page["next_cursor"] is not None)
            if not page["has_more"]:
                return found
            more = {"cursor": page["next_cursor"]}

    def write(self, subscription_id: str, number: int, state: str = "dead", **columns: Any) -> list[str]:
        """Write webhooks as if they had been posted, the oldest first."""
        made = [self._row(ids.decode(ids.SUBSCRIPTION, subscription_id), state, **columns) for _ in range(number)]
        with self.account.engine.begin() as connection:
            connection.execute(insert(webhook_deliveries), made)
        return [ids.encode(ids.WEBHOOK, each["id"]) for each in made]

    def _row(self, subscription_id: UUID | None, state: str, **columns: Any) -> JsonObject:
        identifier = ids.new()
        return {
            "id": identifier,
            "account_id": self.account.account_id,
            "subscription_id": subscription_id,
            "event_id": f"wamid.{identifier.hex}",
            "event_type": "message.status",
            "source": "meta",
            "dedupe": identifier.hex,
            "body": {"entry": []},
            "state": state,
            "attempts": 8,
            **columns,
        }

    def lose_secrets(self, subscription_id: str) -> None:
        """Leave a subscription with secrets that no key opens."""
        identifier = ids.decode(ids.SUBSCRIPTION, subscription_id)
        with self.account.engine.begin() as connection:
            statement = update(webhook_subscriptions).where(webhook_subscriptions.c.id == identifier)
            connection.execute(statement.values(secrets=b"sealed under a key that is lost"))

    def set(self, webhook_id: str, **columns: Any) -> None:
        with self.account.engine.begin() as connection:
            identifier = ids.decode(ids.WEBHOOK, webhook_id)
            connection.execute(update(webhook_deliveries).where(webhook_deliveries.c.id == identifier).values(**columns))

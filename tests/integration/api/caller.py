"""An account that calls the api, and its sends in the database."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import Engine, func, select

from shared.db.tables import sends


@dataclass(frozen=True, kw_only=True)
class Caller:
    """An account's client."""

    http: httpx.Client
    account_id: UUID
    token: str
    key: str
    """A waba key."""

    def body(self, **context: Any) -> dict[str, Any]:
        return {
            "keys": {"waba": {"token": self.key}},
            "content": {"waba": {"message": {"type": "text", "message": "Hello"}}},
            "target": {"waba": "6281311100000"},
            "context": context,
        }

    def post(self, body: Any = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post("/v1/send", json=body or self.body(), headers={**self.authorization, **named})

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def sends(self, database: Engine) -> int:
        """Count what was accepted."""
        with database.connect() as connection:
            statement = select(func.count()).select_from(sends).where(sends.c.account_id == self.account_id)
            return connection.execute(statement).scalar_one()


def await_true(condition: Callable[[], bool], seconds: float) -> None:
    """Wait until something holds; fails when it does not come to hold in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"did not happen within {seconds:.0f} s"
        time.sleep(0.05)

"""This process as one that is started with other keys."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from shared import settings, vault

OLD, NEW, OTHER = (vault.new_key(name) for name in ("2025", "2026", "2027"))
NUMBER: Final = 5
"""Of channel keys, and of webhook subscriptions."""
_EVERYTHING: Final = "SELECT id, credentials AS sealed FROM channel_keys UNION ALL SELECT id, secrets FROM webhook_subscriptions"


@dataclass(frozen=True)
class Process:
    """Its connections stay."""

    database: Engine
    monkeypatch: pytest.MonkeyPatch

    def start(self, *entries: str) -> None:
        self.monkeypatch.setenv("ANTAR_SECRET_KEYS", ",".join(entries))
        self.forget()

    def forget(self) -> None:
        for cache in (settings.get, vault.get):
            cache.cache_clear()

    def secrets(self) -> dict[UUID, dict[str, Any]]:
        """Decrypt all there is."""
        with self.database.connect() as connection:
            rows = connection.execute(text(_EVERYTHING)).all()
        return {row.id: vault.get().decrypt(row.id, bytes(row.sealed)) for row in rows}

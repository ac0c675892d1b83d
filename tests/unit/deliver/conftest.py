"""A vault and a stand-in channel for what needs them without a network."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr

import worker.channels
from shared import settings, vault
from shared.credentials.base import Credentials
from shared.domain.outcome import Outcome, Sent
from worker.channels import keys as keys_of_channels
from worker.channels.base import Absence, Envelope, Finding, Wires


class TokenCredentials(Credentials):
    """What a key of the stand-in channel holds."""

    token: SecretStr


@dataclass
class StandIn:
    """An adapter that answers as it is told and remembers what it was given."""

    answer: Callable[[], Outcome] = field(default=lambda: Sent(provider_message_id="42:1"))
    calls: list[tuple[Envelope, Any]] = field(default_factory=list)
    finding: Finding = None
    credentials: type[Credentials] = TokenCredentials
    look_up_after: float | None = None

    async def send(self, envelope: Envelope, credentials: Any, wires: Wires) -> Outcome:
        del wires
        self.calls.append((envelope, credentials))
        return self.answer()

    async def probe(self, credentials: Any, wires: Wires) -> Finding:
        del credentials, wires
        return self.finding

    async def look_up(self, delivery_id: UUID, target: str, credentials: Any, wires: Wires) -> Sent | Absence:
        del delivery_id, target, credentials, wires
        return Absence.FOR_GOOD

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """Every channel's adapter."""
    stand_in = StandIn()
    monkeypatch.setattr(worker.channels, "adapter", lambda _: stand_in)
    return stand_in


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[vault.Vault]:
    """The vault of a process with one key."""
    monkeypatch.setenv("ANTAR_SECRET_KEYS", vault.new_key("test"))
    _forget()
    yield vault.get()
    monkeypatch.undo()
    _forget()


def _forget() -> None:
    for cached in (settings.get, vault.get, keys_of_channels._credentials):
        cached.cache_clear()

"""A vault and a stand-in channel for what needs them without a network."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr

import worker.channels
from shared import settings, vault
from shared.domain.outcome import Outcome, Sent
from worker.channels.base import Credentials, Envelope, Wires
from worker.deliver import prepare


class TokenCredentials(Credentials):
    """What a key of the stand-in channel holds."""

    token: SecretStr


@dataclass
class StandIn:
    """An adapter that answers as it is told and remembers what it was given."""

    answer: Callable[[], Outcome] = field(default=lambda: Sent(provider_message_id="42:1"))
    calls: list[tuple[Envelope, Any]] = field(default_factory=list)
    credentials: type[Credentials] = TokenCredentials

    async def send(self, envelope: Envelope, credentials: Any, wires: Wires) -> Outcome:
        del wires
        self.calls.append((envelope, credentials))
        return self.answer()

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
    for cached in (settings.get, vault.get, prepare._credentials):
        cached.cache_clear()

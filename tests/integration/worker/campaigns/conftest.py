"""Campaigns that this process feeds, one round at a time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from shared import settings
from shared.domain.campaigns import CampaignPlan
from shared.domain.channels import Channel
from tests.integration.worker.campaigns import rows
from tests.integration.worker.conftest import Desk
from worker.campaigns import feeding
from worker.runtime.shutdown import Stopping

_STOP_ALL = text("UPDATE campaigns SET state = 'completed', ended_at = now() WHERE ended_at IS NULL")

Feed = Callable[[], list[UUID]]
Limit = Callable[..., None]


@dataclass(frozen=True, kw_only=True)
class Campaigns:
    """An account's campaigns."""

    desk: Desk

    @property
    def database(self) -> Engine:
        return self.desk.database

    def plan(self, *channels: tuple[str, int], **options: Any) -> CampaignPlan:
        """Plan (channel, tier), each with a key of its own; by Telegram alone where nothing is said."""
        return rows.plan(*((name, tier, self.desk.key(Channel(name))) for name, tier in channels or [("telegram", 0)]), **options)

    def run(
        self,
        recipients: int | Sequence[Mapping[str, Any]],
        *channels: tuple[str, int],
        planned: CampaignPlan | None = None,
        **columns: Any,
    ) -> UUID:
        """Write a campaign that runs; further arguments are its columns."""
        people = rows.people(recipients, *(name for name, _ in channels)) if isinstance(recipients, int) else recipients
        with self.database.begin() as connection:
            return rows.store(connection, self.desk.account_id, planned or self.plan(*channels), people, **columns)


@pytest.fixture
def campaigns(desk: Desk) -> Iterator[Campaigns]:
    yield Campaigns(desk=desk)
    with desk.database.begin() as connection:
        connection.execute(_STOP_ALL)


@pytest.fixture
def feed(published: list[UUID], monkeypatch: pytest.MonkeyPatch) -> Feed:
    """Feed once, and give the deliveries that were published by it."""
    monkeypatch.setattr(feeding, "_SECONDS", 0.0)

    def run() -> list[UUID]:
        published.clear()
        feeding.feed(Stopping())
        return list(published)

    return run


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Limit:
    """Change settings of this process."""

    def change(**values: Any) -> None:
        current = settings.get().model_copy(update=values)
        monkeypatch.setattr(settings, "get", lambda: current)

    return change

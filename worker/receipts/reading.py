"""Webhooks of the inbox, read in the words of their providers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Row

from shared import ids
from worker.channels.base import News
from worker.channels.telegram import receipts as telegram
from worker.channels.waba import receipts as waba
from worker.channels.whatsapp import gowa_events, waha_events
from worker.receipts.judgement import Notice

_log: Final = structlog.get_logger("receipt")

READERS: Final[Mapping[str, Callable[[bytes], News]]] = {
    "waba": waba.read,
    "waha": waha_events.read,
    "gowa": gowa_events.read,
    "telegram": telegram.read,
}
"""What a provider's webhooks are read by. Raises :class:`ValueError` for what cannot be read at all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """A webhook, what it tells, and the key that it was signed for."""

    id: UUID
    provider: str
    received_at: datetime
    age: float
    """Seconds since then."""
    key_id: UUID
    account_id: UUID
    channel: str
    provider_id: str | None
    """The provider's name of the key's sender."""
    sender: str | None
    """The number of that sender, where it is known."""
    news: News

    def notices(self) -> Iterator[Notice]:
        """Give what it reports of messages."""
        for report in self.news.reports:
            yield Notice(
                report=report,
                webhook_id=self.id,
                account_id=self.account_id,
                channel=self.channel,
                received_at=self.received_at,
            )


def read(webhooks: Sequence[Row[Any]]) -> list[Heard]:
    """Read webhooks, as :data:`receipts.select_webhooks` gives them. One that cannot be read tells nothing."""
    return [_heard(webhook) for webhook in webhooks]


def _heard(webhook: Row[Any]) -> Heard:
    row = dict(webhook._mapping)
    news = _news(webhook.id, row["provider"], bytes(row.pop("body")))
    return Heard(**{**row, "age": float(row["age"]), "news": news})


def _news(webhook_id: UUID, provider: str, body: bytes) -> News:
    try:
        return READERS[provider](body)
    except ValueError:
        _log.warning("receipt.unreadable", webhook=ids.encode(ids.INBOX, webhook_id))
        return News()

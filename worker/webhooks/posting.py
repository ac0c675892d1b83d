"""One attempt at a webhook: a signed POST, and what came of it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import aiohttp

from shared import ids, vault
from shared.db import clock
from shared.domain import webhook_secrets
from shared.domain.addresses import Network
from shared.domain.webhooks import ATTEMPTS, Answer, Trouble
from worker import egress
from worker.channels import answers
from worker.webhooks import signing
from worker.webhooks.turns import Turns

SECONDS: Final = 10.0
"""Seconds of one attempt in all, from the look-up of the name to the answer's status (contract, Kirim 2.8)."""
_AGENT: Final = "Kirim-Webhook/1.0"
_LONGEST_HEADER: Final = 256

_TROUBLES: Final[Mapping[type[Exception], Trouble]] = {
    TimeoutError: Trouble.TIMEOUT,
    aiohttp.ClientConnectorDNSError: Trouble.NAME,
    aiohttp.ClientSSLError: Trouble.TLS,
    aiohttp.InvalidURL: Trouble.URL,
    aiohttp.ClientResponseError: Trouble.NOT_HTTP,
    aiohttp.ClientError: Trouble.CONNECTION,
    OSError: Trouble.CONNECTION,
    ValueError: Trouble.URL,
}
"""What each failure is, the particular ones first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """A webhook that was claimed for an attempt."""

    id: UUID
    subscription_id: UUID
    event_id: str
    event_type: str
    source: str
    attempts: int
    """This one included."""
    lease: datetime
    """Until when nobody else makes an attempt; with the webhook's id it is this attempt's name."""
    body: str
    url: str
    secrets: bytes
    """Encrypted."""
    consecutive_failures: int
    """Of the subscription."""


class Poster:
    """Posts webhooks, on connections of its own. Lives on the event loop."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._session = egress.open_session(allowed)
        self._turns = Turns()

    async def attempt(self, webhook: Webhook) -> Answer | None:
        """Make an attempt; ``None`` when too many are waiting for the same receiver, so that none was made."""
        if webhook.attempts > ATTEMPTS:
            return Answer(trouble=Trouble.WORKER)
        async with self._turns.take(webhook.subscription_id) as turn:
            return await self._post(webhook) if turn else None

    async def _post(self, webhook: Webhook) -> Answer:
        try:
            headers = _headers(webhook, clock.now())
            async with asyncio.timeout(SECONDS), self._exchange(webhook, headers) as response:
                return Answer(status=response.status, retry_after=answers.seconds_asked(response.headers.get("Retry-After", "")))
        except vault.VaultError:
            return Answer(trouble=Trouble.SECRETS)
        except tuple(_TROUBLES) as error:
            return Answer(trouble=_trouble(error))

    def _exchange(self, webhook: Webhook, headers: Mapping[str, str]) -> "aiohttp.client._RequestContextManager":
        return self._session.post(webhook.url, data=webhook.body.encode(), headers=headers, allow_redirects=False)

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()


def _trouble(error: Exception) -> Trouble:
    if egress.is_refused(error):
        return Trouble.ADDRESS
    return next(trouble for kind, trouble in _TROUBLES.items() if isinstance(error, kind))


def _headers(webhook: Webhook, now: datetime) -> Mapping[str, str]:
    """Give the headers of an attempt. Raises :class:`vault.VaultError`."""
    kept = webhook_secrets.read(vault.get().decrypt(webhook.subscription_id, webhook.secrets))
    signing_now = [each.secret for each in webhook_secrets.active(kept, now)]
    return {
        "Content-Type": "application/json",
        "User-Agent": _AGENT,
        "X-Kirim-Source": webhook.source,
        "X-Kirim-Event": webhook.event_type,
        "X-Kirim-Event-Id": _one_line(webhook.event_id),
        "X-Kirim-Delivery-Id": ids.encode(ids.WEBHOOK, webhook.id),
        "X-Kirim-Attempt": str(webhook.attempts),
        "X-Kirim-Signature": signing.sign(signing_now, int(now.timestamp()), webhook.body.encode()),
    }


def _one_line(text: str) -> str:
    """Make what a provider called a message fit for a header."""
    return "".join(character if character.isascii() and character.isprintable() else "?" for character in text)[:_LONGEST_HEADER]

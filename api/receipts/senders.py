"""The senders that providers write webhooks for, each by its channel key, and how a webhook is known to be genuine."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Connection, select

from shared import ids, vault
from shared.db.tables import channel_keys
from shared.domain.channels import Channel

_log: Final = structlog.get_logger("receipts")
_SCHEME: Final = "sha256="


@dataclass(frozen=True, kw_only=True, slots=True)
class Sender:
    """A channel key with what its provider proves itself by; what is ``None`` proves nothing."""

    key_id: UUID
    app_secret: str | None
    verify_token: str | None

    def has_signed(self, body: bytes, signature: str) -> bool:
        """Tell whether ``X-Hub-Signature-256`` is that of the body, in constant time."""
        if not self.app_secret:
            return False
        expected = hmac.new(self.app_secret.encode(), body, hashlib.sha256).hexdigest()
        return _same(_SCHEME + expected, signature)

    def knows(self, token: str) -> bool:
        """Tell whether a token is the one agreed on, in constant time."""
        return bool(self.verify_token) and _same(str(self.verify_token), token)


def find(connection: Connection, identifier: str, channel: Channel) -> Sender | None:
    """Find a key by its written id. A revoked one still hears of what it has sent."""
    key_id = ids.decode(ids.KEY, identifier)
    statement = select(channel_keys.c.credentials).where(channel_keys.c.id == key_id, channel_keys.c.channel == channel)
    row = connection.execute(statement).one_or_none() if key_id else None
    return None if key_id is None or row is None else _sender(key_id, bytes(row.credentials))


def _sender(key_id: UUID, ciphertext: bytes) -> Sender | None:
    try:
        held: dict[str, Any] = vault.get().decrypt(key_id, ciphertext)
    except vault.VaultError:
        _log.warning("receipts.unreadable_credentials", key=ids.encode(ids.KEY, key_id))
        return None
    return Sender(key_id=key_id, app_secret=held.get("app_secret"), verify_token=held.get("verify_token"))


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass"))

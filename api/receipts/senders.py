"""The senders that providers write webhooks for, each by its channel key, and how a webhook is known to be genuine."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Connection, select
from werkzeug.datastructures import Headers

from shared import ids, vault
from shared.db.tables import channel_keys
from shared.domain.channels import Channel

_log: Final = structlog.get_logger("receipts")


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """How a provider proves that a webhook is its own."""

    header: str
    secret: str
    """The field of the credentials that both sides know."""
    expected: Callable[[bytes, bytes], str]
    """Gives what the header must say, by the secret and the body."""


def _hub_signature(secret: bytes, body: bytes) -> str:
    return f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}"


def _sha512(secret: bytes, body: bytes) -> str:
    return hmac.new(secret, body, hashlib.sha512).hexdigest()


def _secret_itself(secret: bytes, body: bytes) -> str:
    del body
    return secret.decode()


PROOFS: Final[Mapping[str, Proof]] = {
    "waba": Proof(header="X-Hub-Signature-256", secret="app_secret", expected=_hub_signature),  # noqa: S106 - a field's name.
    "waha": Proof(header="X-Webhook-Hmac", secret="webhook_secret", expected=_sha512),  # noqa: S106 - likewise.
    "gowa": Proof(header="X-Hub-Signature-256", secret="webhook_secret", expected=_hub_signature),  # noqa: S106 - likewise.
    "telegram": Proof(header="X-Telegram-Bot-Api-Secret-Token", secret="webhook_secret", expected=_secret_itself),  # noqa: S106
}
"""By the provider's name in the inbox. Who is not here proves nothing, and is not heard."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sender:
    """A channel key, and what its credentials say of its provider."""

    key_id: UUID
    provider: str
    held: Mapping[str, Any]

    def has_sent(self, body: bytes, headers: Headers) -> bool:
        """Tell whether the headers of a webhook prove that its body is the provider's, in constant time."""
        proof = PROOFS.get(self.provider)
        secret = self.held.get(proof.secret) if proof else None
        if proof is None or not secret:
            return False
        return _same(proof.expected(str(secret).encode(), body), headers.get(proof.header, ""))

    def knows(self, token: str) -> bool:
        """Tell whether a token is the one agreed on, in constant time."""
        agreed = self.held.get("verify_token")
        return bool(agreed) and _same(str(agreed), token)


def find(connection: Connection, identifier: str, channel: Channel) -> Sender | None:
    """Find a key by its written id. A revoked one still hears of what it has sent."""
    key_id = ids.decode(ids.KEY, identifier)
    statement = select(channel_keys.c.credentials).where(channel_keys.c.id == key_id, channel_keys.c.channel == channel)
    row = connection.execute(statement).one_or_none() if key_id else None
    return None if key_id is None or row is None else _sender(key_id, channel, bytes(row.credentials))


def _sender(key_id: UUID, channel: Channel, ciphertext: bytes) -> Sender | None:
    try:
        held: dict[str, Any] = vault.get().decrypt(key_id, ciphertext)
    except vault.VaultError:
        _log.warning("receipts.unreadable_credentials", key=ids.encode(ids.KEY, key_id))
        return None
    return Sender(key_id=key_id, provider=_provider(channel, held), held=held)


def _provider(channel: Channel, held: Mapping[str, Any]) -> str:
    """Name the provider: a device's is the gateway that drives it."""
    return str(held.get("gateway")) if channel is Channel.WHATSAPP else channel.value


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass"))

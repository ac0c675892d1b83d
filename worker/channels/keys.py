"""Reading what a channel key holds, as its channel wants it."""

from functools import lru_cache
from typing import Final
from uuid import UUID

from pydantic import ValidationError

from shared import vault
from shared.credentials.base import Credentials
from shared.domain.channels import Channel
from shared.domain.outcome import Action, Code, NotSent
from worker import channels

_CACHED: Final = 1024


def credentials(channel: Channel, key_id: UUID, ciphertext: bytes) -> Credentials | NotSent:
    """Decrypt a key's credentials."""
    try:
        return _credentials(channel, key_id, ciphertext)
    except (vault.VaultError, ValidationError):
        reason = f"the credentials of the {channel} key cannot be read"
        return NotSent(code=Code.CREDENTIALS_REJECTED, reason=reason, action=Action.KEY)


@lru_cache(maxsize=_CACHED)
def _credentials(channel: Channel, key_id: UUID, ciphertext: bytes) -> Credentials:
    document = vault.get().decrypt(key_id, ciphertext)
    return channels.adapter(channel).credentials.model_validate(document)

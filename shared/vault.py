"""Secrets: tokens are kept as hashes, credentials encrypted under a key that can be rotated."""

import base64
import hashlib
import hmac
import json
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared import settings

_LETTERS: Final = string.ascii_letters + string.digits
_TOKEN_LENGTH: Final = 32
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_SEPARATOR: Final = b":"
MAC_BYTES: Final = 16


class VaultError(Exception):
    """A credential cannot be encrypted or read with the keys this process has."""


def new_token(prefix: str = "") -> str:
    """Make a token with 190 random bits, of letters and digits; shown once, kept as its hash."""
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(_TOKEN_LENGTH))


def token_hash(token: str) -> bytes:
    """Hash a token for storage and look-up. Tokens are random, so one fast hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True, slots=True)
class Vault:
    """Encrypts with AES-256-GCM; each ciphertext names its key and is bound to the row that holds it."""

    keys: Mapping[str, bytes]
    active: str

    def encrypt(self, owner: UUID, document: Mapping[str, Any]) -> bytes:
        """Encrypt a JSON document for the row ``owner``."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(self.keys[self.active]).encrypt(nonce, json.dumps(document).encode(), owner.bytes)
        return self.active.encode() + _SEPARATOR + nonce + sealed

    def decrypt(self, owner: UUID, ciphertext: bytes) -> dict[str, Any]:
        """Read what :meth:`encrypt` wrote for the same row. Raises :class:`VaultError`."""
        identifier, _, sealed = ciphertext.partition(_SEPARATOR)
        key = self.keys.get(key_id(identifier))
        if key is None:
            raise VaultError("credentials are encrypted under a key that ANTAR_SECRET_KEYS does not hold")
        try:
            plain = AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], owner.bytes)
        except (InvalidTag, ValueError):  # The latter where not even a nonce is left.
            raise VaultError("credentials cannot be decrypted: they were altered or moved, or the key is another") from None
        document: dict[str, Any] = json.loads(plain)
        return document

    def renew(self, owner: UUID, ciphertext: bytes) -> bytes:
        """Encrypt under the active key what :meth:`encrypt` wrote for the same row. Raises :class:`VaultError`."""
        return self.encrypt(owner, self.decrypt(owner, ciphertext))


def key_id(named: bytes) -> str:
    """Read the id that a ciphertext begins with; of no key, where it is no text."""
    return named.decode(errors="replace")


def parse_keys(text: str) -> Vault:
    """Read ``id:base64,id:base64``, the active key first. Raises :class:`VaultError` naming what is wrong."""
    entries = [_parse_key(part) for part in text.split(",") if part.strip()]
    if not entries:
        raise VaultError("ANTAR_SECRET_KEYS is not set: channel credentials cannot be encrypted or read")
    keys = dict(entries)
    if len(keys) < len(entries):
        raise VaultError("ANTAR_SECRET_KEYS: two entries have the same id")
    return Vault(keys, active=entries[0][0])


def _parse_key(part: str) -> tuple[str, bytes]:
    identifier, _, encoded = part.strip().partition(":")
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError:  # Not base64, or not even ASCII.
        key = b""
    if not identifier or len(key) != _KEY_BYTES:
        raise VaultError(f"ANTAR_SECRET_KEYS: each entry is id:base64 of {_KEY_BYTES} bytes")
    return identifier, key


def new_key(identifier: str) -> str:
    """Make an entry for ``ANTAR_SECRET_KEYS``."""
    return f"{identifier}:{base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()}"


def sign(purpose: bytes, said: bytes) -> bytes:
    """Sign with the active key, by :data:`MAC_BYTES`, for one purpose alone: the key's other uses learn nothing from it."""
    keys = get()
    return _mac(keys.keys[keys.active], purpose, said)


def is_signed(purpose: bytes, said: bytes, mac: bytes) -> bool:
    """Tell whether :func:`sign` has made a signature, under any key this process still has."""
    return any(hmac.compare_digest(mac, _mac(key, purpose, said)) for key in get().keys.values())


def _mac(key: bytes, purpose: bytes, said: bytes) -> bytes:
    return hmac.digest(hmac.digest(key, purpose, hashlib.sha256), said, hashlib.sha256)[:MAC_BYTES]


@lru_cache(maxsize=1)
def get() -> Vault:
    """Give this process's vault. Raises :class:`VaultError` when its keys are missing or malformed."""
    return parse_keys(settings.get().secret_keys.get_secret_value())

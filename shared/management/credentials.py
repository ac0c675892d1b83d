"""What channel keys hold, as it is given by operators and by customers. It is stored encrypted, and never shown again.

A customer names the host that antar connects to, so that the keys of customers reach the public internet only: what a host is
written as is judged here, what a name leads to by the worker at each connection. Operators name hosts of their own network too.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Connection, select

from shared import credentials, settings, vault
from shared.credentials.base import Credentials
from shared.db.tables import channel_keys
from shared.domain import addresses
from shared.domain.channels import Channel
from shared.management.errors import Invalid, invalid

_INSIDE: Final = "credentials"
_PUBLIC_ONLY: Final = "public_only"
_NAMING_A_HOST: Final = ("base_url", "host")


def check(channel: Channel, document: Mapping[str, Any]) -> Credentials:
    """Read what an operator gives. Raises :class:`Invalid`, which never quotes a value."""
    try:
        return credentials.MODELS[channel].model_validate(document)
    except ValidationError as error:
        raise invalid(error, _INSIDE) from None


def confine(channel: Channel, document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Read what a customer gives, and give it as it is stored: bound to the public internet. Raises as :func:`check`."""
    if _PUBLIC_ONLY in document:
        raise Invalid(f"{_INSIDE}.{_PUBLIC_ONLY}", "is not for customers to say")
    confined = {**document, _PUBLIC_ONLY: True}
    read = check(channel, confined)
    for name in _NAMING_A_HOST:
        _check_host(name, getattr(read, name, None))
    return confined


def _check_host(name: str, value: str | None) -> None:
    host = urlsplit(value).hostname if value and "://" in value else value
    problem = addresses.problem(host, settings.get().egress_allow) if host else None
    if problem is not None:
        raise Invalid(f"{_INSIDE}.{name}", problem)


def held(connection: Connection, key_ids: Iterable[UUID]) -> Mapping[UUID, tuple[str, ...] | None]:
    """Name what some keys hold, field by field without the values; ``None`` for a key that cannot be read any more."""
    columns = (channel_keys.c.id, channel_keys.c.credentials)
    rows = connection.execute(select(*columns).where(channel_keys.c.id.in_(list(key_ids))))
    return {row.id: _names(row.id, bytes(row.credentials)) for row in rows}


def _names(key_id: UUID, ciphertext: bytes) -> tuple[str, ...] | None:
    try:
        document = vault.get().decrypt(key_id, ciphertext)
    except vault.VaultError:
        return None
    return tuple(sorted(name for name, value in document.items() if value is not None and name != _PUBLIC_ONLY))

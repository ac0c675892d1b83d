"""Whose channel key a token is. A key keeps its account and channel, but may get another token."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import select

from api import failed
from api.known import Known
from shared import vault
from shared.db import engine
from shared.db.tables import channel_keys
from shared.domain.channels import Channel

_MOST_CACHED: Final = 50_000
_Owned = tuple[UUID, UUID, str]

_cache: Final[Known[_Owned]] = Known(_MOST_CACHED)
_nobodys: Final[Known[bool]] = Known(_MOST_CACHED)
"""Tokens that are no key's, and will never be one: new ones are made at random."""


class ForeignKeyToken(Exception):
    """A token is no key of this account and channel: another account's and an unknown one look the same."""

    def __init__(self, channel: Channel) -> None:
        super().__init__(f"{channel} key does not belong to this account")


def resolve(account_id: UUID, tokens: Mapping[Channel, str]) -> dict[Channel, UUID]:
    """Find the keys behind the tokens of a request.

    Raises :class:`ForeignKeyToken` for the first that is not the account's, and :class:`api.errors.TooManyFailures` in its place
    beyond the limit.
    """
    hashes = {channel: vault.token_hash(token) for channel, token in tokens.items()}
    found = {token_hash: _cache.get(token_hash) for token_hash in hashes.values()}
    found.update(_look_up([each for each, owned in found.items() if owned is None and not _nobodys.get(each)]))
    return {channel: _own(account_id, channel, found[token_hash]) for channel, token_hash in hashes.items()}


def forget() -> None:
    """Forget every key: one has another token."""
    _cache.clear()
    _nobodys.clear()


def _own(account_id: UUID, channel: Channel, owned: _Owned | None) -> UUID:
    if owned is None or owned[1:] != (account_id, channel):
        failed.count(account_id)
        raise ForeignKeyToken(channel)
    return owned[0]


def _look_up(hashes: list[bytes]) -> dict[bytes, _Owned]:
    if not hashes:
        return {}
    generation, of_nobodys = _cache.generation, _nobodys.generation
    columns = (channel_keys.c.token_hash, channel_keys.c.id, channel_keys.c.account_id, channel_keys.c.channel)
    with failed.looking_up(), engine.get().connect() as connection:
        rows = connection.execute(select(*columns).where(channel_keys.c.token_hash.in_(hashes))).all()
    found = {bytes(row.token_hash): (row.id, row.account_id, row.channel) for row in rows}
    for token_hash, owned in found.items():
        _cache.put(token_hash, owned, generation)
    for token_hash in set(hashes) - found.keys():
        _nobodys.put(token_hash, True, of_nobodys)  # noqa: FBT003 - what is kept is that it was found out.
    return found

"""Who may send, and by which keys: looked up in the tables, and trusted for a minute."""

import time
from collections.abc import Mapping
from functools import lru_cache

from sqlalchemy import select

from tests.bench.baselines.providers import Endpoint
from tests.bench.naive.tables import accounts, channel_keys, engine

_SECONDS = 60


def account(token: str) -> int | None:
    """Give the account of a token."""
    return _account(token, _now())


def owner(token: str) -> Mapping[str, str | int] | None:
    """Give the account and the channel of a key."""
    return _owner(token, _now())


def endpoint(token: str) -> Endpoint:
    """Give where a key's messages are posted to."""
    return _endpoint(token, _now())


def _now() -> int:
    return int(time.monotonic() // _SECONDS)


@lru_cache
def _account(token: str, _minute: int) -> int | None:
    with engine().connect() as connection:
        return connection.execute(select(accounts.c.id).where(accounts.c.token == token)).scalar()


@lru_cache
def _owner(token: str, _minute: int) -> Mapping[str, str | int] | None:
    with engine().connect() as connection:
        chosen = select(channel_keys.c.account_id, channel_keys.c.channel).where(channel_keys.c.token == token)
        return connection.execute(chosen).mappings().first()  # type: ignore[return-value]


@lru_cache
def _endpoint(token: str, _minute: int) -> Endpoint:
    with engine().connect() as connection:
        row = connection.execute(select(channel_keys.c.url, channel_keys.c.headers).where(channel_keys.c.token == token)).one()
    return Endpoint(url=row.url, headers=row.headers)

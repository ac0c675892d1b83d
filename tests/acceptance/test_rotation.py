"""Credentials get another key while the stack runs: no send fails by it, wherever the rotation stands."""

import threading
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, select

from deploy.local.stack import Stack
from shared import vault
from shared.db.tables import channel_keys
from shared.management import secret_keys
from shared.management.secret_keys import Became
from tests.acceptance.backend import Backend
from tests.integration import this_process

_CHANNELS = ("whatsapp", "waba", "telegram", "email")


@pytest.fixture
def turned(stack: Stack) -> dict[str, str]:
    """The variables of a process that has been started anew with the second key as the active one; the stack has both."""
    servers = stack.environment()
    first, second = servers["ANTAR_SECRET_KEYS"].split(",")
    return {**servers, "ANTAR_SECRET_KEYS": f"{second},{first}"}


def _keys_of(database: Engine, backend: Backend) -> dict[str, str]:
    """Give under which key each of the channels' credentials are."""
    mine = channel_keys.c.token_hash.in_([vault.token_hash(token) for token in backend.keys.values()])
    with database.connect() as connection:
        rows = connection.execute(select(channel_keys.c.channel, channel_keys.c.credentials).where(mine)).all()
    return {row.channel: bytes(row.credentials).partition(b":")[0].decode() for row in rows}


def _deliver(backend: Backend, ended: threading.Event) -> list[str]:
    """Send by every channel until told, and give how each of the sends ended."""
    states: list[str] = []
    while not ended.is_set() or len(states) < 2:
        answer = backend.post(backend.send(dict.fromkeys(_CHANNELS, 0)), Prefer="wait=30").json()
        states += [f"{channel} {told['status']} {told.get('reason')}" for channel, told in answer["channels"].items()]
    return states


def _rotate(environment: Mapping[str, str]) -> Counter[Became]:
    """Rotate as a process with these settings does."""
    with this_process.set_up(environment) as engine:
        return Counter(secret_keys.rotate(engine))


def test_sends_go_on_while_everything_is_encrypted_anew(
    stack: Stack, turned: Mapping[str, str], backend: Backend, database: Engine
) -> None:
    ended = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        sending = threads.submit(_deliver, backend, ended)
        try:
            there = _rotate(turned)
            assert set(_keys_of(database, backend).values()) == {"second"}
            back = _rotate(stack.environment())
        finally:
            ended.set()
        states = set(sending.result())
    assert states == {f"{channel} True None" for channel in _CHANNELS}
    assert there[Became.CHANGED] == back[Became.CHANGED] == 0
    assert back[Became.RENEWED] >= there[Became.RENEWED] >= len(_CHANNELS)
    assert set(_keys_of(database, backend).values()) == {"first"}

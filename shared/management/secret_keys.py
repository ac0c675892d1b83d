"""Rotating the keys of ``ANTAR_SECRET_KEYS``: what is encrypted under which, and re-encrypting it under the active one.

Nothing has to stand still meanwhile. Whoever has both keys reads a row before and after; each row is replaced in one statement,
so that an interruption leaves it under the one or under the other.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, Engine, Row

from shared import vault
from shared.db.statements import secret_keys as statements
from shared.db.statements.secret_keys import Column
from shared.vault import Vault, VaultError

BATCH: Final = 200
"""Rows read at a time."""
_FIRST: Final = UUID(int=0)


class Standing(StrEnum):
    """What a key is to this process."""

    ACTIVE = "active"
    """The first of the list: it encrypts."""
    HELD = "held"
    """Another one of the list: it reads."""
    MISSING = "missing"
    """Not in the list: what is encrypted under it cannot be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """What is encrypted under one key."""

    key: str
    standing: Standing
    numbers: dict[str, int]
    """How many rows, by what they belong to."""

    @property
    def number(self) -> int:
        """How many rows there are in all."""
        return sum(self.numbers.values())


class Became(StrEnum):
    """What became of a row that was not under the active key."""

    RENEWED = "renewed"
    """It is under the active key."""
    CHANGED = "changed"
    """Somebody else has written it meanwhile, under whatever key they have."""
    UNREADABLE = "unreadable"
    """It cannot be decrypted: it stays as it is."""


def uses(connection: Connection) -> list[Use]:
    """Tell what is encrypted under each key: those of the list in its order, then those that are missing."""
    held = vault.get()
    counted = {of: _count(connection, column) for of, column in statements.COLUMNS.items()}
    missing = sorted({key for numbers in counted.values() for key in numbers} - set(held.keys))
    return [
        Use(key=key, standing=_standing(held, key), numbers={of: numbers[key] for of, numbers in counted.items()})
        for key in (*held.keys, *missing)
    ]


def unreadable(connection: Connection) -> list[str]:
    """Name the keys of the list under which something is encrypted that they do not decrypt: other keys had these ids."""
    held = vault.get()
    newest = [row for column in statements.COLUMNS.values() for row in connection.execute(column.select_newest)]
    return sorted({key for row in newest if (key := _key_of(row)) in held.keys and _renewed(held, row) is None})


def rotate(engine: Engine) -> Iterator[Became]:
    """Re-encrypt everything under the active key, row by row in transactions of their own, and give what became of each."""
    held = vault.get()
    for column in statements.COLUMNS.values():
        for row in _others(engine, column, f"{held.active}:".encode()):
            yield _renew(engine, column, row, _renewed(held, row))


def _count(connection: Connection, column: Column) -> Counter[str]:
    return Counter({vault.key_id(bytes(row.key)): row.number for row in connection.execute(column.count)})


def _standing(held: Vault, key: str) -> Standing:
    if key == held.active:
        return Standing.ACTIVE
    return Standing.HELD if key in held.keys else Standing.MISSING


def _others(engine: Engine, column: Column, prefix: bytes) -> Iterator[Row[tuple[UUID, bytes]]]:
    """Give the rows under other keys, no connection being held between two batches."""
    after = _FIRST
    while True:
        with engine.connect() as connection:
            rows = connection.execute(column.select_others, {"prefix": prefix, "after": after, "limit": BATCH}).all()
        yield from rows
        if len(rows) < BATCH:
            return
        after = rows[-1].id


def _renewed(held: Vault, row: Row[tuple[UUID, bytes]]) -> bytes | None:
    try:
        return held.renew(row.id, bytes(row.sealed))
    except VaultError:
        return None


def _renew(engine: Engine, column: Column, row: Row[tuple[UUID, bytes]], renewed: bytes | None) -> Became:
    if renewed is None:
        return Became.UNREADABLE
    with engine.begin() as connection:
        values = {"id": row.id, "sealed": row.sealed, "renewed": renewed}
        replaced = connection.execute(column.replace, values).one_or_none()
    return Became.CHANGED if replaced is None else Became.RENEWED


def _key_of(row: Row[tuple[UUID, bytes]]) -> str:
    return vault.key_id(bytes(row.sealed).partition(b":")[0])

"""Identifiers: time-ordered UUIDs inside, prefixed Crockford base32 outside.

A delivery's id is its send's id with a small number in the lowest bits, so that the deliveries of a send lie beside it in every
index and partition and can be named without a look-up.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = tuple(high + low for high in _ALPHABET for low in _ALPHABET)
"""What ten bits are written as."""
_PAIR_BITS: Final = 10
_PAIR_MASK: Final = (1 << _PAIR_BITS) - 1
_REMEMBERED: Final = 1024
"""Beginnings of ids that need not be written anew: those of an account, and of a send until the next."""
_VALUES: Final = {character: value for value, character in enumerate(_ALPHABET)}
_LENGTH: Final = 26
_SUFFIX_BITS: Final = 4
_TIME_SHIFT: Final = 80

MAX_DELIVERIES: Final = (1 << _SUFFIX_BITS) - 1
"""How many deliveries one send can have."""

SEND: Final = "snd"
DELIVERY: Final = "dlv"
ACCOUNT: Final = "acc"
KEY: Final = "key"
REQUEST: Final = "req"
INBOX: Final = "inb"
MESSAGE: Final = "msg"
"""A send as Kirim writes it: the same id under another name."""
SUBSCRIPTION: Final = "wbs"
WEBHOOK: Final = "wbd"
EVENT: Final = "evt"
SECRET: Final = "sec"  # noqa: S105 - a prefix.
ORGANISATION: Final = "org"
"""An account as Kirim writes it."""
TOKEN: Final = "tok"  # noqa: S105 - likewise.
CAMPAIGN: Final = "cmp"
FILE: Final = "fil"
SUPPRESSION: Final = "sup"


def new() -> UUID:
    """Make an id that sorts by the time it was made, to the millisecond."""
    return uuid7()


def new_send() -> UUID:
    """Make a send's id, with room for its deliveries' numbers."""
    return UUID(int=uuid7().int >> _SUFFIX_BITS << _SUFFIX_BITS)


def delivery_of(send_id: UUID, number: int) -> UUID:
    """Give the id of a send's delivery ``number``, counted from 1."""
    if not 1 <= number <= MAX_DELIVERIES:
        raise ValueError(f"a send has deliveries 1 to {MAX_DELIVERIES}, not {number}")
    return UUID(int=send_id.int | number)


def deliveries_of(send_id: UUID, count: int) -> list[UUID]:
    """Give the ids of the deliveries of a send that has so many."""
    return [delivery_of(send_id, number) for number in range(1, count + 1)]


def made_at(identifier: UUID) -> datetime:
    """Give when an id was made, by the clock of the process that made it, to the millisecond."""
    return datetime.fromtimestamp((identifier.int >> _TIME_SHIFT) / 1000, UTC)


def send_of(delivery_id: UUID) -> UUID:
    """Give the id of the send that a delivery belongs to."""
    return UUID(int=delivery_id.int >> _SUFFIX_BITS << _SUFFIX_BITS)


def encode(prefix: str, identifier: UUID) -> str:
    """Write an id as ``snd_01JD...``: the prefix and 26 Crockford base32 characters."""
    number = identifier.int
    return f"{prefix}_{_beginning(number >> _PAIR_BITS)}{_PAIRS[number & _PAIR_MASK]}"


@lru_cache(maxsize=_REMEMBERED)
def _beginning(number: int) -> str:
    """Write all but the last two characters, which a send has in common with its deliveries."""
    return "".join([_PAIRS[number >> shift & _PAIR_MASK] for shift in range(5 * (_LENGTH - 4), -1, -_PAIR_BITS)])


def decode(prefix: str, text: str) -> UUID | None:
    """Read back what :func:`encode` wrote with the same prefix; ``None`` when it is anything else."""
    head, separator, tail = text.partition("_")
    if head != prefix or not separator or len(tail) != _LENGTH or any(character not in _VALUES for character in tail):
        return None
    number = 0
    for character in tail:
        number = number << 5 | _VALUES[character]
    return UUID(int=number) if number < 1 << 128 else None

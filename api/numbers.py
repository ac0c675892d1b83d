"""Which WhatsApp Business number a request sends from: the account's channel keys of that kind, one number each."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from api.auth import Caller
from shared.db import engine
from shared.db.tables import channel_keys
from shared.domain import targets
from shared.domain.channels import Channel
from shared.domain.key_settings import WINDOW, WINDOWS
from shared.domain.states import KeyStatus


class NoNumber(Exception):
    """The account has no number, or the token's own is revoked."""


class NumberNotNamed(Exception):
    """The account has several numbers, and the request names none."""


class UnknownNumber(Exception):
    """The number that the request names is not among those it may send from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Number:
    """A number to send from."""

    id: UUID
    """Its channel key's."""
    sender: str | None
    """The number itself, in digits; ``None`` while nobody has told it."""
    provider_id: str | None
    """Meta's phone number id; ``None`` for a key that was made before antar kept it."""
    window: str
    """``trust_provider``: Meta judges the 24-hour window; ``enforce``: antar does."""


_CONNECTED: Final = (
    select(
        channel_keys.c.id,
        channel_keys.c.sender,
        channel_keys.c.provider_id,
        func.coalesce(channel_keys.c.settings[WINDOW].as_string(), WINDOWS[0]).label("window"),
    )
    .where(channel_keys.c.channel == Channel.WABA, channel_keys.c.status != KeyStatus.REVOKED)
    .order_by(channel_keys.c.id)
)


def connected(account_id: UUID) -> tuple[Number, ...]:
    """Give the numbers of an account, the oldest first; a suspended one is among them, a revoked one is not."""
    with engine.get().connect() as connection:
        rows = connection.execute(_CONNECTED.where(channel_keys.c.account_id == account_id)).all()
    return tuple(Number(**row._mapping) for row in rows)


def choose(caller: Caller, sender: str | None) -> Number:
    """Give the number to send from: the one that is named, or the only one. A token that is bound to a key has that one.

    Args:
        caller: Whose request it is.
        sender: The number that the request names, in any spelling; ``None`` when it names none.

    Raises:
        NoNumber: There is none.
        NumberNotNamed: There are several, and none is named.
        UnknownNumber: The one that is named is not among them.
    """
    found = usable(caller)
    if not found:
        raise NoNumber
    if sender is not None:
        return _named(found, sender)
    if len(found) > 1:
        raise NumberNotNamed
    return found[0]


def usable(caller: Caller) -> list[Number]:
    """Give the numbers that a caller may send from, as :func:`connected`."""
    return [number for number in connected(caller.account_id) if caller.bound_key_id in {None, number.id}]


def _named(numbers: list[Number], sender: str) -> Number:
    digits = targets.phone(sender)
    found = next((number for number in numbers if digits is not None and number.sender == digits), None)
    if found is None:
        raise UnknownNumber
    return found

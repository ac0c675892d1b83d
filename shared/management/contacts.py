"""Contacts: people known to an account by an address, each with an integer of its own."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import Connection

from shared import ids
from shared.db.statements import contacts as statements
from shared.domain.channels import Channel

_UNNAMED: Final = "Unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """A person, and whether a sender may write to it now."""

    id: int
    opted_out: bool
    window_open: bool
    """Whether the person wrote to the sender within the last 24 hours, by the database's clock."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Addressed:
    """Whom a send goes to, in integers."""

    number: int
    """The send's."""
    contact_id: int
    address: str


def meet(
    connection: Connection, account_id: UUID, address: str, key_id: UUID, *, name: str | None = None, email: str | None = None
) -> Contact:
    """Find a WABA contact by its canonical number, or make it; what is known already keeps its name and email.

    Args:
        connection: In a transaction.
        account_id: Whose contact it is.
        address: The canonical number.
        key_id: The sender whose window is asked for.
        name: What a new contact is called, else ``Unknown`` (contract, Kanal 4).
        email: The email address of a new contact.
    """
    values = {
        "account_id": account_id,
        "channel": Channel.WABA,
        "address": address,
        "key_id": key_id,
        "name": name or _UNNAMED,
        "email": email,
    }
    return Contact(**connection.execute(statements.meet, values).one()._mapping)


def addressed(connection: Connection, send_id: UUID) -> Addressed:
    """Tell whom a send with one delivery goes to."""
    values = {"send_id": send_id, "delivery_id": ids.delivery_of(send_id, 1)}
    return Addressed(**connection.execute(statements.select_accepted, values).one()._mapping)

"""What requests about tokens may say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from api import lists, native
from api.tokens import models
from shared import ids


@dataclass(frozen=True, kw_only=True, slots=True)
class New:
    """A token to be made."""

    label: str | None
    bound_key_id: UUID | None
    expires_at: datetime | None
    expires_in: timedelta | None


def new_token(body: bytes) -> New:
    """Read a token to be made; a request without a body wants one that never ends.

    Raises :class:`api.errors.InvalidRequest`, naming the field.
    """
    wanted = native.parse(models.NewToken, body or b"{}")
    return New(
        label=wanted.label,
        bound_key_id=native.reference(ids.KEY, wanted.bound_key, "bound_key", "is no channel key of the account"),
        expires_at=native.moment(wanted.expires_at, "expires_at"),
        expires_in=None if wanted.expires_in is None else timedelta(seconds=wanted.expires_in),
    )


def query(arguments: Mapping[str, str], account_id: UUID) -> lists.Page:
    """Read the query of a list. Raises as :func:`new_token`, naming the parameter."""
    return lists.page(arguments, ("tokens", account_id.hex))

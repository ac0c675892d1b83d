"""What requests about suppressions may say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from api import lists, native
from api.suppressions import models
from shared.domain.channels import Channel
from shared.management.suppressions import REASONS, Filters

_FILTERS: Final = ("channel", "reason", "search")


@dataclass(frozen=True, kw_only=True, slots=True)
class New:
    """Addresses not to be written to."""

    channel: Channel
    addresses: list[str]
    reason: str
    expires_at: datetime | None


def new_suppressions(body: bytes) -> New:
    """Read what is to be suppressed. Raises :class:`api.errors.InvalidRequest`, naming the field."""
    wanted = native.parse(models.NewSuppressions, body)
    expires_at = native.moment(wanted.expires_at, "expires_at")
    return New(channel=wanted.channel, addresses=wanted.addresses, reason=wanted.reason, expires_at=expires_at)


def query(arguments: Mapping[str, str], account_id: UUID) -> tuple[lists.Page, Filters]:
    """Read the query of a list. Raises as :func:`new_suppressions`, naming the parameter."""
    filters = Filters(
        channel=lists.member(arguments, "channel", Channel),
        reason=lists.one_of(arguments, "reason", REASONS),
        search=native.searched(arguments),
    )
    search = ("suppressions", account_id.hex, *(arguments.get(name) for name in _FILTERS))
    return lists.page(arguments, search), filters

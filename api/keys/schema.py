"""What requests about channel keys may say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

from api import lists, native
from api.keys import models
from shared.domain.channels import Channel
from shared.domain.states import KeyStatus
from shared.management.keys import Limits

_NOT_LIMITS: Final = frozenset({"name", "credentials", "settings"})
_KEPT: Final = frozenset({"on_unknown"})
"""What ``null`` leaves as it is; it takes every other limit away."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """What is to change of a key."""

    name: str | None
    credentials: Mapping[str, Any] | None
    limits: Limits


@dataclass(frozen=True, kw_only=True, slots=True)
class Query(lists.Page):
    """A page of keys."""

    status: KeyStatus | None


def new_key(body: bytes) -> tuple[models.NewKey, Limits]:
    """Read a key to be made, and its limits. Raises :class:`api.errors.InvalidRequest`, naming the field."""
    wanted = native.parse(models.NewKey, body)
    return wanted, _limits(wanted)


def changes(body: bytes) -> Changes:
    """Read the changes of a key. Raises as :func:`new_key`."""
    wanted = native.parse(models.KeyChanges, body)
    return Changes(name=wanted.name, credentials=wanted.credentials, limits=_limits(wanted))


def reason(body: bytes) -> str | None:
    """Read why a key is not to be used; a request without a body says nothing. Raises as :func:`new_key`."""
    return native.parse(models.KeyReason, body or b"{}").reason


def query(arguments: Mapping[str, str], account_id: UUID, kind: Channel) -> Query:
    """Read the query of a list. Raises as :func:`new_key`, naming the parameter."""
    search = ("channel_keys", account_id.hex, kind, arguments.get("status"))
    status = lists.member(arguments, "status", KeyStatus)
    return Query(limit=lists.limit(arguments), before_id=lists.last_id(arguments, search), search=search, status=status)


def _limits(wanted: models.NewKey | models.KeyChanges) -> Limits:
    said = {name: getattr(wanted, name) for name in wanted.model_fields_set - _NOT_LIMITS}
    limits = {name: value for name, value in said.items() if value is not None or name not in _KEPT}
    settings = wanted.settings.model_dump(exclude_unset=True) if wanted.settings else {}
    return cast("Limits", {**limits, **settings})

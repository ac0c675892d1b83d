"""What requests about webhooks may say: bodies, and the queries of lists. What is not known is ignored."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from api import lists, native
from api.errors import ResourceNotFound, invalid_value
from api.webhooks import models
from shared import ids
from shared.domain.webhooks import State
from shared.management.webhook_deliveries import Filters

_FILTERS: Final = ("subscription_id", "status", "event_type", "created_after", "created_before")
_LONGEST_EVENT: Final = 64
_CLEARED: Final = frozenset({"description"})
"""What ``null`` takes away; otherwise it is absent."""

_CODES: Final = {models.INVALID_URL: models.INVALID_URL}


def new_subscription(body: bytes) -> models.NewSubscription:
    """Read a subscription to be made. Raises :class:`InvalidRequest`, naming the field."""
    return native.parse(models.NewSubscription, body, _CODES)


def changes(body: bytes) -> Mapping[str, Any]:
    """Read the changes of a subscription, by the names of its columns. Raises as :func:`new_subscription`."""
    given = native.parse(models.Changes, body, _CODES)
    values = {name: getattr(given, name) for name in given.model_fields_set}
    return {name: value for name, value in values.items() if value is not None or name in _CLEARED}


def overlap(body: bytes) -> timedelta:
    """Read how long older secrets go on; a request without a body leaves it to us. Raises as :func:`new_subscription`."""
    return timedelta(hours=native.parse(models.NewSecret, body or b"{}").expires_in_hours)


def bulk_replay(body: bytes) -> Filters:
    """Read which webhooks are to be replayed. Raises as :func:`new_subscription`, and :class:`ResourceNotFound`."""
    wanted = native.parse(models.BulkReplay, body)
    times = {name: str(value) for name in ("created_after", "created_before") if (value := getattr(wanted, name)) is not None}
    subscription_id = ids.decode(ids.SUBSCRIPTION, wanted.subscription_id)
    if subscription_id is None:
        raise ResourceNotFound("there is no such webhook subscription")
    return Filters(
        subscription_id=subscription_id,
        state=State(wanted.status),
        event_type=wanted.event_type,
        created_after=lists.moment(times, "created_after"),
        created_before=lists.moment(times, "created_before"),
    )


def subscriptions(arguments: Mapping[str, str], account_id: UUID) -> lists.Page:
    """Read the query of a list of subscriptions. Raises :class:`InvalidRequest` naming the parameter."""
    return lists.page(arguments, ("webhook_subscriptions", account_id.hex))


def webhooks(arguments: Mapping[str, str], account_id: UUID) -> tuple[lists.Page, Filters]:
    """Read the query of a list of webhooks. Raises as :func:`subscriptions`."""
    filters = Filters(
        subscription_id=_subscription_id(arguments),
        state=lists.member(arguments, "status", State),
        event_type=_event_type(arguments),
        created_after=lists.moment(arguments, "created_after"),
        created_before=lists.moment(arguments, "created_before"),
    )
    search = ("webhook_deliveries", account_id.hex, *(arguments.get(name) for name in _FILTERS))
    return lists.page(arguments, search), filters


def _subscription_id(arguments: Mapping[str, str]) -> UUID | None:
    text = arguments.get("subscription_id")
    identifier = None if text is None else ids.decode(ids.SUBSCRIPTION, text)
    if text is not None and identifier is None:
        raise invalid_value("subscription_id", "must be the id of a webhook subscription")
    return identifier


def _event_type(arguments: Mapping[str, str]) -> str | None:
    text = arguments.get("event_type")
    if text is not None and (not 1 <= len(text) <= _LONGEST_EVENT or "\0" in text):
        raise invalid_value("event_type", f"must have 1 to {_LONGEST_EVENT} characters")
    return text

"""From subscriptions and webhooks as they stand to their resources on the wire."""

from datetime import datetime
from typing import Any
from uuid import UUID

from shared import ids
from shared.domain.times import rfc3339
from shared.domain.webhook_secrets import Secret
from shared.management.webhook_deliveries import Webhook
from shared.management.webhooks import Subscription

JsonObject = dict[str, Any]


def subscription(found: Subscription) -> JsonObject:
    """Give a subscription; its secrets are named, not shown."""
    return {
        "id": ids.encode(ids.SUBSCRIPTION, found.id),
        "object": "webhook_subscription",
        "url": found.url,
        "description": found.description,
        "status": found.status,
        "status_reason": found.status_reason,
        "events": list(found.events),
        "secrets": [_secret(each) for each in found.secrets],
        "created_at": rfc3339(found.created_at),
        "updated_at": rfc3339(found.updated_at),
    }


def created(found: Subscription) -> JsonObject:
    """Give a new subscription with its secret."""
    return {**subscription(found), "initial_secret": found.secrets[0].secret}


def deleted(subscription_id: UUID) -> JsonObject:
    """Give what is left of a subscription."""
    return {"id": ids.encode(ids.SUBSCRIPTION, subscription_id), "object": "webhook_subscription", "deleted": True}


def shown_secret(each: Secret) -> JsonObject:
    """Give a new secret itself."""
    return {**_secret(each), "object": "webhook_secret", "secret": each.secret}


def webhook(found: Webhook) -> JsonObject:
    """Give a webhook as it stands."""
    return {
        "id": ids.encode(ids.WEBHOOK, found.id),
        "object": "webhook_delivery",
        "subscription_id": ids.encode(ids.SUBSCRIPTION, found.subscription_id),
        "event_id": found.event_id,
        "event_type": found.event_type,
        "source": found.source,
        "status": found.state,
        "attempts": found.attempts,
        "next_attempt_at": _time(found.next_attempt_at),
        "response_status": found.response_status,
        "error": found.error,
        "created_at": rfc3339(ids.made_at(found.id)),
        "ended_at": _time(found.ended_at),
    }


def _secret(each: Secret) -> JsonObject:
    return {"id": each.id, "created_at": rfc3339(each.created_at), "expires_at": _time(each.expires_at)}


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)

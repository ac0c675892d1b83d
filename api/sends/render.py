"""From a send as it stands to its resource. Times are RFC 3339 in UTC, to the millisecond."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from shared import ids
from shared.domain import tiers, timeline
from shared.domain.send import AttemptView, DeliveryView, SendView
from shared.domain.tiers import Tier
from shared.domain.timeline import Entry, History
from shared.domain.times import rfc3339

JsonObject = dict[str, Any]


def summary(send: SendView) -> JsonObject:
    """Give a send with its tiers and deliveries."""
    return {**_head(send), "tiers": [_tier(tier, _delivery) for tier in tiers.group(send.deliveries)]}


def story(history: History) -> JsonObject:
    """Give a send with its tiers, deliveries, attempts and timeline."""

    def with_attempts(delivery: DeliveryView) -> JsonObject:
        return {**_delivery(delivery), "attempts": [_attempt(attempt) for attempt in history.attempts.get(delivery.id, ())]}

    return {
        **_head(history.send),
        "tiers": [_tier(tier, with_attempts) for tier in tiers.group(history.send.deliveries)],
        "timeline": [_entry(entry) for entry in timeline.build(history)],
    }


def _head(send: SendView) -> JsonObject:
    return {
        "id": ids.encode(ids.SEND, send.id),
        "object": "send",
        "state": send.state.value,
        "dialect": send.dialect,
        "tier": send.tier,
        "created_at": rfc3339(send.created_at),
        "schedule_at": _time(send.schedule),
        "expires_at": _time(send.expires_at),
        "ended_at": _time(send.ended_at),
    }


def _tier(tier: Tier, rendered: Callable[[DeliveryView], JsonObject]) -> JsonObject:
    return {"tier": tier.number, "state": tier.state.value, "deliveries": [rendered(each) for each in tier.deliveries]}


def _delivery(delivery: DeliveryView) -> JsonObject:
    return {
        "id": ids.encode(ids.DELIVERY, delivery.id),
        "channel": delivery.channel.value,
        "fallback": delivery.fallback,
        "state": delivery.state.value,
        "target": delivery.target,
        "template": delivery.template_id,
        "code": delivery.code,
        "reason": delivery.reason,
        "detail": None if delivery.detail is None else dict(delivery.detail),
        "provider_message_id": delivery.provider_message_id,
        "processing_ms": delivery.processing_ms,
        "queued_at": _time(delivery.queued_at),
        "not_before": _time(delivery.not_before),
        "ended_at": _time(delivery.ended_at),
        "receipt": delivery.receipt,
        "receipt_at": _time(delivery.receipt_at),
    }


def _attempt(attempt: AttemptView) -> JsonObject:
    return {
        "number": attempt.number,
        "started_at": rfc3339(attempt.started_at),
        "ended_at": rfc3339(attempt.ended_at),
        "outcome": attempt.outcome,
        "code": attempt.code,
        "provider_status": attempt.provider_status,
        "provider_code": attempt.provider_code,
        "request": attempt.request,
    }


def _entry(entry: Entry) -> JsonObject:
    delivery = {} if entry.delivery_id is None else {"delivery": ids.encode(ids.DELIVERY, entry.delivery_id)}
    return {"at": rfc3339(entry.at), "kind": entry.kind, "text": entry.text, **delivery}


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)

"""From a send as it stands to its resource. Times are RFC 3339 in UTC, to the millisecond."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from shared import ids
from shared.domain import confirmation, tiers, timeline
from shared.domain.send import AttemptView, DeliveryView, SendView
from shared.domain.tiers import Tier
from shared.domain.timeline import Entry, History
from shared.domain.times import rfc3339

JsonObject = dict[str, Any]


def summary(send: SendView) -> JsonObject:
    """Give a send with its tiers and deliveries."""
    return {**_head(send), "tiers": [_tier(tier, delivery) for tier in tiers.group(send.deliveries)]}


def story(history: History) -> JsonObject:
    """Give a send with its tiers, deliveries, attempts and timeline."""

    def with_attempts(each: DeliveryView) -> JsonObject:
        return {**delivery(each), "attempts": [_attempt(attempt) for attempt in history.attempts.get(each.id, ())]}

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
        "until": confirmation.dump(send.until),
    }


def _tier(tier: Tier, rendered: Callable[[DeliveryView], JsonObject]) -> JsonObject:
    return {"tier": tier.number, "state": tier.state.value, "deliveries": [rendered(each) for each in tier.deliveries]}


def delivery(each: DeliveryView) -> JsonObject:
    """Give a delivery without its attempts."""
    return {
        "id": ids.encode(ids.DELIVERY, each.id),
        "channel": each.channel.value,
        "fallback": each.fallback,
        "state": each.state.value,
        "held": each.held,
        "target": each.target,
        "template": each.template_id,
        "code": each.code,
        "reason": each.reason,
        "detail": None if each.detail is None else dict(each.detail),
        "provider_message_id": each.provider_message_id,
        "processing_ms": each.processing_ms,
        "queued_at": _time(each.queued_at),
        "not_before": _time(each.not_before),
        "ended_at": _time(each.ended_at),
        "receipt": each.receipt,
        "receipt_at": _time(each.receipt_at),
        "confirm_by": _time(each.confirm_by),
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

"""From a send as it stands to the answer of the request that made it.

The channels of tiers that were never reached are left out. Keys stand in the order of the published examples.
"""

from typing import Any, Final

from shared import ids
from shared.domain.channels import Channel
from shared.domain.send import DeliveryView, SendView
from shared.domain.states import FINAL_SENDS, OPEN, DeliveryState, SendState

_UNREACHED: Final = frozenset({DeliveryState.WAITING, DeliveryState.SKIPPED})
_WITH_DETAIL: Final = frozenset({Channel.WHATSAPP, Channel.TELEGRAM, Channel.WABA})
_DEFAULT_REASONS: Final = {
    DeliveryState.FAILED: "failed",
    DeliveryState.UNKNOWN: "outcome unknown",
    DeliveryState.CANCELLED: "cancelled",
}


def is_settled(view: SendView) -> bool:
    """Tell whether waiting longer would change nothing: the send is due later, or over with no call still running."""
    if view.state is SendState.SCHEDULED:
        return True
    return view.state in FINAL_SENDS and not any(delivery.state in OPEN for delivery in view.deliveries)


def answer_status(view: SendView) -> int:
    """Give the HTTP status: 200, or 202 while the outcome is open."""
    return 200 if is_settled(view) else 202


def render(view: SendView) -> dict[str, Any]:
    """Give the answer's body.

    ``status`` is true when a channel delivered, was scheduled or is queued, and as long as the send is open.
    """
    channels = {delivery.channel.value: _channel(view, delivery) for delivery in view.deliveries if _was_reached(view, delivery)}
    is_queued = not is_settled(view)
    return {
        "status": is_queued or any(channel["status"] for channel in channels.values()),
        **({"scheduled": True} if view.state is SendState.SCHEDULED else {}),
        **({"queued": True} if is_queued else {}),
        "id": ids.encode(ids.SEND, view.id),
        "channels": channels,
    }


def _was_reached(view: SendView, delivery: DeliveryView) -> bool:
    """Tell whether the channel has something to say; cancelling a send also ends the tiers it never came to."""
    if view.state is SendState.SCHEDULED:
        return True
    if delivery.state is DeliveryState.CANCELLED:
        return delivery.tier <= view.tier
    return delivery.state not in _UNREACHED


def _channel(view: SendView, delivery: DeliveryView) -> dict[str, Any]:
    if view.state is SendState.SCHEDULED:
        return {"status": True, "scheduled": True}
    if delivery.state in OPEN:
        return {"status": True, "queued": True}
    return {**_result(view, delivery), **_circumstances(delivery)}


def _result(view: SendView, delivery: DeliveryView) -> dict[str, Any]:
    if delivery.state is DeliveryState.SENT and delivery.code is None:
        return {"status": True, **_awaited(view, delivery)}
    result: dict[str, Any] = {"status": False, "reason": delivery.reason or _default_reason(view, delivery)}
    if delivery.detail and delivery.channel in _WITH_DETAIL:
        result["detail"] = dict(delivery.detail)
    return result


def _awaited(view: SendView, delivery: DeliveryView) -> dict[str, Any]:
    """Say what is waited for of a message that its provider took."""
    return {"awaiting": view.until.level.value} if view.until and delivery.confirm_by else {}


def _default_reason(view: SendView, delivery: DeliveryView) -> str:
    return "expired" if view.state is SendState.EXPIRED else _DEFAULT_REASONS[delivery.state]


def _circumstances(delivery: DeliveryView) -> dict[str, Any]:
    circumstances: dict[str, Any] = {"fallback": True} if delivery.fallback else {}
    if delivery.processing_ms is not None:
        circumstances["processing_time"] = f"{delivery.processing_ms}ms"
    return circumstances

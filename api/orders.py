"""What is to be committed: a plan with whose it is, its rows, and how its send stands right after."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from api.idempotency_keys import IdempotencyKey
from shared import ids
from shared.domain import confirmation, targets
from shared.domain.send import DeliveryView, PlannedDelivery, SendPlan, SendView
from shared.domain.states import DeliveryState, SendState
from shared.queues import Queue


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """A plan with whose it is."""

    plan: SendPlan
    account_id: UUID
    token_id: UUID
    request_id: str
    traceparent: str | None = None
    """What the send's deliveries are children of, if it belongs to a trace."""
    waiter: str | None
    """The process that waits for the outcome, if one does."""
    idempotency: IdempotencyKey | None = None
    number: int | None = None
    """The send's integer number, where its dialect answers with one; taken from :func:`api.intake.next_number`."""
    queue: Queue = Queue.SEND
    """Where all its deliveries wait, each for its turn."""
    send_id: UUID = field(default_factory=ids.new_send)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """The rows of one order as JSON, made by the thread that asks for it."""

    send: bytes
    """An object."""
    deliveries: bytes
    """An object or several, separated by commas."""

    def __len__(self) -> int:
        return len(self.send) + len(self.deliveries)


def rows(order: Order) -> Rows:
    """Write the rows of an order, with its addresses in canonical form."""
    deliveries = [to_json(_delivery(order, number, each)) for number, each in enumerate(order.plan.deliveries, start=1)]
    return Rows(send=to_json(_send(order)), deliveries=b",".join(deliveries))


def parameters(written: Sequence[Rows]) -> dict[str, str]:
    """Give the parameters of :data:`shared.db.statements.intake.insert_sends`."""
    return {
        "sends": _array(each.send for each in written),
        "deliveries": _array(each.deliveries for each in written),
    }


def _array(objects: Iterable[bytes]) -> str:
    return f"[{b','.join(objects).decode()}]"


def _send(order: Order) -> dict[str, Any]:
    plan = order.plan
    return {
        "id": order.send_id,
        "account_id": order.account_id,
        "dialect": plan.dialect,
        "state": _send_state(plan),
        "channels": [delivery.channel for delivery in plan.deliveries],
        "variables": plan.variables,
        "schedule_at": plan.schedule,
        "expires_at": plan.expires_at,
        "token_id": order.token_id,
        "request_id": order.request_id,
        "waiter": order.waiter,
        "number": order.number,
        "until": confirmation.dump(plan.until),
        **({"traceparent": order.traceparent} if order.traceparent else {}),
    }


def _delivery(order: Order, number: int, delivery: PlannedDelivery) -> dict[str, Any]:
    return {
        "id": ids.delivery_of(order.send_id, number),
        "send_id": order.send_id,
        "account_id": order.account_id,
        "channel": delivery.channel,
        "tier": delivery.tier,
        "fallback": delivery.fallback,
        "key_id": delivery.key_id,
        "target": delivery.target,
        "address": None if delivery.target is None else targets.normalise(delivery.channel, delivery.target),
        "template_id": delivery.template_id,
        "content": delivery.content,
        "state": _delivery_state(order.plan, delivery),
        "opens": opens(order.plan, delivery),
        "queue": order.queue,
    }


def view(order: Order) -> SendView:
    """Give an order's send as it stands right after its commit, without asking Postgres."""
    return SendView(
        id=order.send_id,
        account_id=order.account_id,
        dialect=order.plan.dialect,
        state=_send_state(order.plan),
        tier=0,
        created_at=datetime.now(UTC),
        schedule=order.plan.schedule,
        expires_at=order.plan.expires_at,
        ended_at=None,
        until=order.plan.until,
        deliveries=tuple(_delivery_view(order, number, each) for number, each in enumerate(order.plan.deliveries, start=1)),
    )


def _delivery_view(order: Order, number: int, delivery: PlannedDelivery) -> DeliveryView:
    return DeliveryView(
        id=ids.delivery_of(order.send_id, number),
        channel=delivery.channel,
        tier=delivery.tier,
        fallback=delivery.fallback,
        state=_delivery_state(order.plan, delivery),
    )


def _send_state(plan: SendPlan) -> SendState:
    return SendState.SCHEDULED if plan.schedule else SendState.RUNNING


def _delivery_state(plan: SendPlan, delivery: PlannedDelivery) -> DeliveryState:
    return DeliveryState.QUEUED if opens(plan, delivery) else DeliveryState.WAITING


def opens(plan: SendPlan, delivery: PlannedDelivery) -> bool:
    """Tell whether a delivery may be called at once."""
    return plan.schedule is None and delivery.tier == 0

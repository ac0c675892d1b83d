"""What is to come of a send."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared import ids
from shared.domain import upcoming
from shared.domain.channels import Channel
from shared.domain.confirmation import Level, Until
from shared.domain.send import DeliveryView, SendView
from shared.domain.states import DeliveryState, SendState
from shared.domain.upcoming import Standing

_NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
_SEND = ids.new_send()
_STANDING = Standing(key_id=ids.new(), key="bot", key_status="active", queue="bulk", lease_until=None, resolve_at=None)
_DELIVERY = DeliveryView(
    id=ids.delivery_of(_SEND, 1), channel=Channel.TELEGRAM, tier=1, fallback=True, state=DeliveryState.QUEUED, attempts=1
)


def _at(seconds: float) -> datetime:
    return _NOW + timedelta(seconds=seconds)


def _steps(delivery: DeliveryView, standing: Standing = _STANDING, **changes: object) -> list[tuple[float | None, str]]:
    send = SendView(
        id=_SEND,
        account_id=ids.new(),
        dialect="kirisan",
        state=SendState.RUNNING,
        tier=0,
        created_at=_NOW,
        schedule=None,
        expires_at=None,
        ended_at=None,
        deliveries=(delivery,),
    )
    found = upcoming.steps(replace(send, **changes), {delivery.id: standing}, _NOW)  # type: ignore[arg-type]
    return [(None if step.at is None else (step.at - _NOW).total_seconds(), step.text) for step in found]


@pytest.mark.parametrize(
    ("changes", "at", "text"),
    [
        ({"not_before": _at(4)}, 4, "telegram: tried again"),
        ({"not_before": _at(4), "attempts": 0}, 4, "telegram: its turn comes"),
        ({"not_before": _at(-4)}, None, "telegram: the next free worker of queue bulk takes it"),
        ({"state": DeliveryState.WAITING}, None, "telegram: tier 1 opens if the one before it ends without success"),
        ({"state": DeliveryState.UNKNOWN, "held": True}, None, "telegram: a person decides"),
    ],
)
def test_a_delivery_says_what_it_waits_for(changes: dict[str, object], at: float | None, text: str) -> None:
    assert _steps(replace(_DELIVERY, **changes)) == [(at, text)]  # type: ignore[arg-type]


def test_a_call_has_its_lease() -> None:
    held = replace(_STANDING, lease_until=_at(90))
    assert _steps(replace(_DELIVERY, state=DeliveryState.CLAIMED), held) == [
        (90, "telegram: a worker calls; unheard of by then, it counts as lost")
    ]


def test_a_send_that_waits_for_its_time_says_nothing_of_its_deliveries() -> None:
    told = _steps(_DELIVERY, state=SendState.SCHEDULED, schedule=_at(60), expires_at=_at(120))
    assert told == [(60, "it becomes due"), (120, "what is left of it expires")]


def test_receipts_that_are_waited_for_and_looked_up_come_in_their_order() -> None:
    until = Until(level=Level.READ, within=30)
    sent = replace(_DELIVERY, state=DeliveryState.SENT, confirm_by=_at(30))
    told = _steps(sent, replace(_STANDING, resolve_at=_at(10)), until=until)
    assert told == [
        (10, "telegram: its provider is asked what became of it"),
        (30, "telegram: unless it is read by then, the next tier opens"),
    ]


def test_nothing_is_to_come_of_what_has_ended() -> None:
    assert _steps(replace(_DELIVERY, state=DeliveryState.SENT), state=SendState.SENT, expires_at=_at(9)) == []

"""The story of a send, from what is stored of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from shared import ids
from shared.domain import timeline
from shared.domain.channels import Channel
from shared.domain.confirmation import Level, Until
from shared.domain.send import AttemptView, DeliveryView, SendView
from shared.domain.states import DeliveryState, SendState
from shared.domain.timeline import Event, History

_START = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
_SEND = ids.new_send()
_FIRST, _SECOND = ids.delivery_of(_SEND, 1), ids.delivery_of(_SEND, 2)


def _at(seconds: float) -> datetime:
    return _START + timedelta(seconds=seconds)


def _attempt(
    number: int, start: float, end: float, outcome: str = "not_sent", code: str | None = "device_disconnected"
) -> AttemptView:
    return AttemptView(
        number=number,
        started_at=_at(start),
        ended_at=_at(end),
        outcome=outcome,
        code=code,
        provider_status=422 if code else 200,
        provider_code="STOPPED" if code else None,
        request="POST /api/sendText",
    )


_WHATSAPP = DeliveryView(
    id=_FIRST,
    channel=Channel.WHATSAPP,
    tier=0,
    fallback=False,
    state=DeliveryState.FAILED,
    code="device_disconnected",
    reason="Device disconnected",
    queued_at=_START,
    ended_at=_at(2),
)
_EMAIL = DeliveryView(
    id=_SECOND,
    channel=Channel.EMAIL,
    tier=1,
    fallback=True,
    state=DeliveryState.SENT,
    queued_at=_at(2),
    ended_at=_at(3),
)


def _send(*deliveries: DeliveryView, state: SendState = SendState.SENT, ended: float | None = 3) -> SendView:
    return SendView(
        id=_SEND,
        account_id=ids.new(),
        dialect="kirisan",
        state=state,
        tier=max(delivery.tier for delivery in deliveries),
        created_at=_START,
        schedule=None,
        expires_at=None,
        ended_at=None if ended is None else _at(ended),
        deliveries=deliveries,
    )


def _event(kind: str, delivery_id: UUID, **data: str) -> Event:
    return Event(at=_at(1), kind=kind, delivery_id=delivery_id, data={"reason": "by somebody", **data})


def _told(history: History) -> list[tuple[float, str, str]]:
    return [((entry.at - _START).total_seconds(), entry.kind, entry.text) for entry in timeline.build(history)]


def test_a_send_that_fell_back() -> None:
    attempts = {
        _FIRST: [_attempt(1, 0.1, 0.3), _attempt(2, 1.5, 1.75)],
        _SECOND: [_attempt(1, 2.2, 2.9, "sent", None)],
    }
    assert _told(History(send=_send(_WHATSAPP, _EMAIL), attempts=attempts)) == [
        (0, "accepted", "accepted in the kirisan dialect: 2 channels in 2 tiers"),
        (0, "tier_opened", "tier 0 opened: whatsapp"),
        (0.1, "attempt", "whatsapp attempt 1: not sent, device_disconnected, provider status 422, provider code STOPPED, 200 ms"),
        (0.3, "retry_planned", "whatsapp to be tried again after 1.2 s"),
        (1.5, "attempt", "whatsapp attempt 2: not sent, device_disconnected, provider status 422, provider code STOPPED, 250 ms"),
        (2, "delivery_ended", "whatsapp failed: device_disconnected (Device disconnected)"),
        (2, "tier_opened", "tier 1 opened: email"),
        (2.2, "attempt", "email attempt 1: sent, provider status 200, 700 ms"),
        (3, "delivery_ended", "email sent"),
        (3, "finished", "finished: sent by email"),
    ]


def test_entries_name_their_delivery() -> None:
    attempts = {_FIRST: [_attempt(1, 0.1, 0.3)]}
    entries = timeline.build(History(send=_send(_WHATSAPP, _EMAIL), attempts=attempts))
    named = {entry.kind: entry.delivery_id for entry in entries}
    assert named["attempt"] == _FIRST
    assert named["delivery_ended"] == _SECOND
    assert named["accepted"] is named["tier_opened"] is named["finished"] is None


def test_a_tier_that_was_not_needed_is_skipped_before_the_end() -> None:
    sent = replace(_WHATSAPP, state=DeliveryState.SENT, code=None, reason=None)
    skipped = replace(_EMAIL, state=DeliveryState.SKIPPED, queued_at=None, ended_at=_at(2))
    told = _told(History(send=_send(sent, skipped, ended=2)))
    assert told[-3:] == [
        (2, "delivery_ended", "whatsapp sent"),
        (2, "skipped", "email skipped: an earlier tier succeeded"),
        (2, "finished", "finished: sent by whatsapp"),
    ]
    assert not any("tier 1 opened" in text for _, _, text in told)


def test_a_tier_that_an_expired_send_never_reached_did_not_follow_a_success() -> None:
    stopped = replace(_WHATSAPP, state=DeliveryState.CANCELLED, code="expired", reason="expired before it could be sent")
    skipped = replace(_EMAIL, state=DeliveryState.SKIPPED, queued_at=None, ended_at=_at(2))
    told = _told(History(send=_send(stopped, skipped, state=SendState.EXPIRED, ended=2)))
    assert told[-3:] == [
        (2, "delivery_ended", "whatsapp cancelled: expired (expired before it could be sent)"),
        (2, "skipped", "email skipped"),
        (2, "finished", "finished: expired"),
    ]


_UNTIL = Until(level=Level.DELIVERED, within=5)


def test_a_message_that_is_waited_for_says_so() -> None:
    waits = replace(_WHATSAPP, state=DeliveryState.SENT, code=None, reason=None, confirm_by=_at(7))
    waiting = replace(_EMAIL, state=DeliveryState.WAITING, queued_at=None, ended_at=None)
    send = replace(_send(waits, waiting, state=SendState.RUNNING, ended=None), until=_UNTIL)
    assert _told(History(send=send))[-2:] == [
        (2, "delivery_ended", "whatsapp sent"),
        (2, "confirmation_awaited", "whatsapp waits 5 s to be delivered"),
    ]


def test_a_message_that_was_not_confirmed_was_sent_all_the_same() -> None:
    missing = replace(_WHATSAPP, state=DeliveryState.SENT, code="unconfirmed", reason="not delivered within 5 s", ended_at=_at(0.5))
    judged = (_event("unconfirmed", _FIRST), replace(_event("confirmed", _FIRST), at=_at(5)))
    told = _told(History(send=replace(_send(missing, _EMAIL), until=_UNTIL), events=judged))
    assert "finished: sent by email" in {text for _, _, text in told}
    assert [entry for entry in told if "whatsapp" in entry[2]][1:] == [
        (0.5, "delivery_ended", "whatsapp sent"),
        (0.5, "confirmation_awaited", "whatsapp waits 5 s to be delivered"),
        (1, "unconfirmed", "whatsapp not confirmed in time: by somebody"),
        (5, "confirmed", "whatsapp confirmed: by somebody"),
    ]


def test_what_has_failed_since_is_waited_for_no_more() -> None:
    send = replace(_send(_WHATSAPP, _EMAIL), until=_UNTIL)
    told = _told(History(send=send, events=(_event("unconfirmed", _FIRST),)))
    assert "confirmation_awaited" not in {kind for _, kind, _ in told}


def test_a_scheduled_send_says_when_it_is_due() -> None:
    waiting = replace(_WHATSAPP, state=DeliveryState.WAITING, queued_at=None, ended_at=None, code=None, reason=None)
    send = replace(_send(waiting, state=SendState.SCHEDULED, ended=None), schedule=_at(3600))
    assert _told(History(send=send)) == [
        (0, "accepted", "accepted in the kirisan dialect: 1 channel in 1 tier"),
        (0, "scheduled", "scheduled for 2026-01-02T13:00:00.000Z"),
    ]


def test_a_retry_that_is_still_to_come_is_told() -> None:
    queued = replace(_WHATSAPP, state=DeliveryState.QUEUED, not_before=_at(4.3), ended_at=None)
    told = _told(History(send=_send(queued, state=SendState.RUNNING, ended=None), attempts={_FIRST: [_attempt(1, 0.1, 0.3)]}))
    assert told[-1] == (0.3, "retry_planned", "whatsapp to be tried again after 4.0 s")


def test_an_attempt_that_ended_the_delivery_plans_no_retry() -> None:
    ended = replace(_WHATSAPP, not_before=_at(1))
    told = _told(History(send=_send(ended, state=SendState.FAILED), attempts={_FIRST: [_attempt(1, 1.1, 1.3)]}))
    assert "retry_planned" not in {kind for _, kind, _ in told}


def test_a_receipt_comes_after_the_end() -> None:
    delivered = replace(_EMAIL, tier=0, queued_at=_START, receipt="delivered", receipt_at=_at(9))
    assert _told(History(send=_send(delivered)))[-1] == (9, "receipt", "email receipt: delivered")


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (Event(at=_at(1), kind="rescheduled"), "rescheduled"),
        (Event(at=_at(1), kind="send.cancelled", data={"reason": "order withdrawn"}), "send cancelled: order withdrawn"),
        (Event(at=_at(1), kind="claim_lost", delivery_id=_FIRST), "whatsapp claim lost"),
        (Event(at=_at(1), kind="claim_lost", delivery_id=ids.delivery_of(_SEND, 9)), "claim lost"),
        (_event("held.released", _FIRST), "whatsapp released to be tried again: by somebody"),
        (_event("held.failed", _FIRST), "whatsapp counted as not sent: by somebody"),
        (_event("held.confirmed", _FIRST), "whatsapp counted as sent: by somebody"),
        (_event("resolved.sent", _SECOND), "email turned out to have been sent: by somebody"),
        (_event("resolved.failed", _SECOND), "email turned out to have failed: by somebody"),
        (_event("replayed", _FIRST), "whatsapp queued again after a fault of antar's own: by somebody"),
    ],
)
def test_events_are_told_in_their_own_words(event: Event, text: str) -> None:
    told = _told(History(send=_send(_WHATSAPP, _EMAIL), events=[event]))
    assert (1, event.kind, text) in told


def test_several_carriers_are_all_named() -> None:
    first = replace(_WHATSAPP, state=DeliveryState.SENT, code=None, reason=None)
    second = replace(_EMAIL, tier=0)
    assert _told(History(send=_send(first, second)))[-1] == (3, "finished", "finished: sent by whatsapp, email")


def test_what_turned_out_to_be_sent_later_did_not_end_the_send() -> None:
    late = replace(_WHATSAPP, state=DeliveryState.SENT, code=None, reason=None, ended_at=_at(9))
    told = _told(History(send=_send(late, _EMAIL), events=[replace(_event("resolved.sent", _FIRST), at=_at(9))]))
    assert (3, "finished", "finished: sent by email") in told
    assert told[-2:] == [
        (9, "resolved.sent", "whatsapp turned out to have been sent: by somebody"),
        (9, "delivery_ended", "whatsapp sent"),
    ]


def test_the_first_tier_opened_with_its_send_however_long_it_waits_for_its_turn() -> None:
    paced = replace(_WHATSAPP, queued_at=_at(48), ended_at=_at(49))
    assert (0, "tier_opened", "tier 0 opened: whatsapp") in _told(History(send=_send(paced)))
    waiting = replace(paced, state=DeliveryState.WAITING, queued_at=None, ended_at=None)
    send = _send(waiting, state=SendState.RUNNING, ended=None)
    assert [kind for _, kind, _ in _told(History(send=send))] == ["accepted"]


def test_an_attempt_without_a_provider_answer_says_only_what_is_known() -> None:
    lost = replace(_attempt(1, 0.1, 4.1, "unknown", "answer_timeout"), provider_status=None, provider_code=None)
    told = _told(History(send=_send(_WHATSAPP), attempts={_FIRST: [lost]}))
    assert (0.1, "attempt", "whatsapp attempt 1: unknown, answer_timeout, 4000 ms") in told


def test_a_tier_that_is_queued_for_later_is_not_open_yet() -> None:
    waiting = replace(_EMAIL, tier=0, state=DeliveryState.QUEUED, queued_at=_at(60), not_before=_at(60), ended_at=None)
    send = SendView(
        id=_SEND,
        account_id=ids.new(),
        dialect="kirisan",
        state=SendState.SCHEDULED,
        tier=0,
        created_at=_START,
        schedule=_at(60),
        expires_at=None,
        ended_at=None,
        deliveries=(waiting,),
    )
    kinds = [
        [entry.kind for entry in timeline.build(History(send=each))] for each in (send, replace(send, state=SendState.RUNNING))
    ]
    assert kinds == [["accepted", "scheduled"], ["accepted", "scheduled", "tier_opened"]]


def test_a_held_delivery_says_what_can_be_done() -> None:
    held = replace(_WHATSAPP, state=DeliveryState.UNKNOWN, held=True, code="answer_timeout", reason="no answer")
    waiting = replace(_EMAIL, state=DeliveryState.WAITING, queued_at=None, ended_at=None)
    assert _told(History(send=_send(held, waiting, state=SendState.RUNNING, ended=None)))[-2:] == [
        (2, "delivery_ended", "whatsapp unknown: answer_timeout (no answer)"),
        (
            2,
            "held",
            "whatsapp held for a person to decide: release (try it again), fail (open the next tier) or confirm (it arrived)",
        ),
    ]


@pytest.mark.parametrize("kind", ["held.released", "replayed"])
def test_a_delivery_that_is_tried_anew_was_not_retried_by_itself(kind: str) -> None:
    sent = replace(_WHATSAPP, state=DeliveryState.SENT, code=None, reason=None, queued_at=_at(1), ended_at=_at(2))
    attempts = {_FIRST: [_attempt(1, 0.1, 0.3), _attempt(1, 1.5, 1.75, "sent", None)]}
    event = _event(kind, _FIRST, queued_at=_START.isoformat())
    told = _told(History(send=_send(sent, ended=2), attempts=attempts, events=[event]))
    assert [(at, kind) for at, kind, _ in told] == [
        (0, "accepted"),
        (0, "tier_opened"),
        (0.1, "attempt"),
        (1, kind),
        (1.5, "attempt"),
        (2, "delivery_ended"),
        (2, "finished"),
    ]

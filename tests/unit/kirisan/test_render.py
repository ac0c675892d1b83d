"""Every documented answer comes from a view that means it; compared as text, so that the order of keys counts."""

import json
from dataclasses import replace

import pytest

from api.dialects.kirisan import render
from shared.domain.channels import Channel
from shared.domain.confirmation import Level, Until
from shared.domain.states import DeliveryState, SendState
from tests.unit.kirisan.samples import NOW, WIRE_ID, delivery, view

SENT_WHATSAPP = delivery(Channel.WHATSAPP, DeliveryState.SENT, processing_ms=142)
DISCONNECTED = delivery(Channel.WHATSAPP, DeliveryState.FAILED, reason="Device disconnected", processing_ms=89)


def text(send: object) -> str:
    return json.dumps(send)


def expected(head: str, channels: str) -> str:
    """Give an answer as text, with the id where it belongs."""
    return text(json.loads(f'{{{head}, "id": "{WIRE_ID}", "channels": {channels}}}'))


@pytest.mark.parametrize("milliseconds", [142, 120, 0])
def test_immediate_send(milliseconds: int) -> None:
    send = view(SendState.SENT, delivery(Channel.WHATSAPP, DeliveryState.SENT, processing_ms=milliseconds))
    answer = expected('"status": true', f'{{"whatsapp": {{"status": true, "processing_time": "{milliseconds}ms"}}}}')
    assert text(render.render(send)) == answer
    assert render.answer_status(send) == 200


def test_scheduled_send() -> None:
    send = view(SendState.SCHEDULED, delivery(Channel.TELEGRAM, DeliveryState.WAITING))
    answer = expected('"status": true, "scheduled": true', '{"telegram": {"status": true, "scheduled": true}}')
    assert text(render.render(send)) == answer
    assert render.answer_status(send) == 200


@pytest.mark.parametrize("state", [DeliveryState.WAITING, DeliveryState.QUEUED])
def test_a_scheduled_send_shows_every_channel(state: DeliveryState) -> None:
    email = delivery(Channel.EMAIL, DeliveryState.WAITING, tier=1)
    channels = '{"whatsapp": {"status": true, "scheduled": true}, "email": {"status": true, "scheduled": true}}'
    answer = render.render(view(SendState.SCHEDULED, delivery(Channel.WHATSAPP, state), email))
    assert text(answer) == expected('"status": true, "scheduled": true', channels)


def test_a_failed_channel_beside_a_fallback_that_delivered() -> None:
    email = delivery(Channel.EMAIL, DeliveryState.SENT, tier=1, processing_ms=891)
    channels = (
        '{"whatsapp": {"status": false, "reason": "Device disconnected", "processing_time": "89ms"},'
        ' "email": {"status": true, "fallback": true, "processing_time": "891ms"}}'
    )
    assert text(render.render(view(SendState.SENT, DISCONNECTED, email, tier=1))) == expected('"status": true', channels)


def test_a_failed_channel_beside_a_primary_that_delivered() -> None:
    reason = "template is not approved for sending"
    whatsapp = delivery(Channel.WHATSAPP, DeliveryState.FAILED, reason=reason, processing_ms=142)
    email = delivery(Channel.EMAIL, DeliveryState.SENT, processing_ms=891)
    channels = (
        f'{{"whatsapp": {{"status": false, "reason": "{reason}", "processing_time": "142ms"}},'
        ' "email": {"status": true, "processing_time": "891ms"}}'
    )
    assert text(render.render(view(SendState.SENT, whatsapp, email))) == expected('"status": true', channels)


def test_every_channel_failed() -> None:
    missing = delivery(Channel.EMAIL, DeliveryState.FAILED, tier=1, reason="missing target")
    channels = (
        '{"whatsapp": {"status": false, "reason": "Device disconnected", "processing_time": "89ms"},'
        ' "email": {"status": false, "reason": "missing target", "fallback": true}}'
    )
    send = view(SendState.FAILED, DISCONNECTED, missing, tier=1)
    assert text(render.render(send)) == expected('"status": false', channels)
    assert render.answer_status(send) == 200


@pytest.mark.parametrize("channel", [Channel.WHATSAPP, Channel.TELEGRAM, Channel.WABA])
def test_a_failure_carries_the_providers_words(channel: Channel) -> None:
    failed = delivery(channel, DeliveryState.FAILED, tier=1, reason="no", detail={"code": 131026}, processing_ms=5)
    entry = '{"status": false, "reason": "no", "detail": {"code": 131026}, "fallback": true, "processing_time": "5ms"}'
    assert text(render.render(view(SendState.FAILED, failed, tier=1))) == expected('"status": false', f'{{"{channel}": {entry}}}')


def test_no_detail_for_email_nor_when_there_is_none_nor_on_success() -> None:
    email = delivery(Channel.EMAIL, DeliveryState.FAILED, reason="no", detail={"code": 550})
    waba = delivery(Channel.WABA, DeliveryState.FAILED, reason="no", detail={})
    sent = delivery(Channel.WHATSAPP, DeliveryState.SENT, detail={"id": 1})
    channels = render.render(view(SendState.SENT, email, waba, sent))["channels"]
    assert channels == {
        "email": {"status": False, "reason": "no"},
        "waba": {"status": False, "reason": "no"},
        "whatsapp": {"status": True},
    }


@pytest.mark.parametrize("state", [DeliveryState.QUEUED, DeliveryState.CLAIMED])
def test_an_open_send_is_queued(state: DeliveryState) -> None:
    send = view(SendState.RUNNING, delivery(Channel.WHATSAPP, state), delivery(Channel.EMAIL, DeliveryState.WAITING, tier=1))
    answer = expected('"status": true, "queued": true', '{"whatsapp": {"status": true, "queued": true}}')
    assert text(render.render(send)) == answer
    assert render.answer_status(send) == 202
    assert not render.is_settled(send)


def test_an_open_send_shows_what_ended() -> None:
    queued = delivery(Channel.EMAIL, DeliveryState.QUEUED, tier=1)
    channels = (
        '{"whatsapp": {"status": false, "reason": "Device disconnected", "processing_time": "89ms"},'
        ' "email": {"status": true, "queued": true}}'
    )
    send = view(SendState.RUNNING, DISCONNECTED, queued, tier=1)
    assert text(render.render(send)) == expected('"status": true, "queued": true', channels)


def test_a_send_whose_last_call_is_still_running_is_open() -> None:
    send = view(SendState.SENT, SENT_WHATSAPP, delivery(Channel.TELEGRAM, DeliveryState.CLAIMED))
    assert not render.is_settled(send)
    assert render.answer_status(send) == 202
    assert render.render(send)["queued"] is True


def test_a_send_held_for_a_person_is_open() -> None:
    unknown = delivery(Channel.WHATSAPP, DeliveryState.UNKNOWN, reason="the answer was lost")
    send = view(SendState.RUNNING, unknown, delivery(Channel.EMAIL, DeliveryState.WAITING, tier=1))
    answer = expected('"status": true, "queued": true', '{"whatsapp": {"status": false, "reason": "the answer was lost"}}')
    assert text(render.render(send)) == answer
    assert render.answer_status(send) == 202


def test_an_unknown_outcome_is_no_success() -> None:
    send = view(
        SendState.UNKNOWN, delivery(Channel.WHATSAPP, DeliveryState.UNKNOWN, reason="the answer was lost", processing_ms=30_000)
    )
    entry = '{"status": false, "reason": "the answer was lost", "processing_time": "30000ms"}'
    assert text(render.render(send)) == expected('"status": false', f'{{"whatsapp": {entry}}}')


def test_tiers_never_reached_are_left_out() -> None:
    skipped = delivery(Channel.EMAIL, DeliveryState.SKIPPED, tier=1)
    assert list(render.render(view(SendState.SENT, SENT_WHATSAPP, skipped))["channels"]) == ["whatsapp"]


def test_channels_of_the_first_tier_called_fallbacks_say_so() -> None:
    sent = delivery(Channel.EMAIL, DeliveryState.SENT, fallback=True, processing_ms=1)
    channels = '{"email": {"status": true, "fallback": true, "processing_time": "1ms"}}'
    assert text(render.render(view(SendState.SENT, sent))) == expected('"status": true', channels)


def test_a_cancelled_send_shows_the_channels_it_had_reached() -> None:
    cancelled = delivery(Channel.EMAIL, DeliveryState.CANCELLED, tier=1, reason="cancelled by the sender")
    unreached = delivery(Channel.WABA, DeliveryState.CANCELLED, tier=2)
    send = view(SendState.CANCELLED, DISCONNECTED, cancelled, unreached, tier=1)
    channels = (
        '{"whatsapp": {"status": false, "reason": "Device disconnected", "processing_time": "89ms"},'
        ' "email": {"status": false, "reason": "cancelled by the sender", "fallback": true}}'
    )
    assert text(render.render(send)) == expected('"status": false', channels)
    assert render.answer_status(send) == 200


@pytest.mark.parametrize(
    ("send_state", "state", "reason"),
    [
        (SendState.CANCELLED, DeliveryState.CANCELLED, "cancelled"),
        (SendState.EXPIRED, DeliveryState.CANCELLED, "expired"),
        (SendState.EXPIRED, DeliveryState.FAILED, "expired"),
        (SendState.FAILED, DeliveryState.FAILED, "failed"),
        (SendState.UNKNOWN, DeliveryState.UNKNOWN, "outcome unknown"),
    ],
)
def test_a_failure_always_has_a_reason(send_state: SendState, state: DeliveryState, reason: str) -> None:
    send = view(send_state, delivery(Channel.WHATSAPP, state))
    assert text(render.render(send)) == expected('"status": false', f'{{"whatsapp": {{"status": false, "reason": "{reason}"}}}}')


def test_a_message_that_is_waited_for() -> None:
    waits = delivery(Channel.WABA, DeliveryState.SENT, processing_ms=142, confirm_by=NOW)
    send = replace(
        view(SendState.RUNNING, waits, delivery(Channel.EMAIL, DeliveryState.WAITING, tier=1)),
        until=Until(level=Level.READ, within=5),
    )
    channels = '{"waba": {"status": true, "awaiting": "read", "processing_time": "142ms"}}'
    assert text(render.render(send)) == expected('"status": true, "queued": true', channels)
    assert not render.is_settled(send)


def test_a_message_that_was_not_confirmed() -> None:
    reason = "not read within 5 s"
    missing = delivery(Channel.WABA, DeliveryState.SENT, processing_ms=142, code="unconfirmed", reason=reason)
    send = view(SendState.SENT, missing, delivery(Channel.EMAIL, DeliveryState.FAILED, tier=1, reason="no"), tier=1)
    channels = (
        '{"waba": {"status": false, "reason": "not read within 5 s", "processing_time": "142ms"},'
        ' "email": {"status": false, "reason": "no", "fallback": true}}'
    )
    assert text(render.render(send)) == expected('"status": false', channels)


@pytest.mark.parametrize("state", list(SendState))
def test_only_a_running_send_without_open_deliveries_is_unsettled(state: SendState) -> None:
    assert render.is_settled(view(state, SENT_WHATSAPP)) == (state is not SendState.RUNNING)

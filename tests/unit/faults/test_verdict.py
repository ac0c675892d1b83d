"""The judge of the fault suite sees everything that can be wrong, and excuses only what is marked."""

from typing import Any
from uuid import UUID

import pytest

from shared import ids
from shared.domain.states import DeliveryState, SendState
from tests.faults import verdict
from tests.faults.load import Answer
from tests.faults.verdict import NOTHING, Allowed, Delivery, Message, Observed, Send

SEND = UUID("01a1fdc2-dddd-72d4-91a4-8d66bcc41390")
OTHER = UUID("01a1fdc2-dddd-72d4-91a4-8d66bcc41490")
FIRST, SECOND = ids.deliveries_of(SEND, 2)
UNKNOWN_ALLOWED = Allowed(unknown=True)


def answer(send_id: UUID | None = SEND, status: int = 202, key: str = "a", *, told: bool | None = None) -> Answer:
    return Answer(idempotency_key=key, status=status, send_id=send_id, repeats=0, told=told)


def send(state: SendState = SendState.SENT, **changes: Any) -> Send:
    return Send(**{"id": SEND, "state": state, "created_at": 100.0, "ended_at": 101.0, **changes})


def delivery(state: DeliveryState = DeliveryState.SENT, **changes: Any) -> Delivery:
    values = {"id": FIRST, "send_id": SEND, "channel": "waba", "state": state, "order": "A-1", "attempts": ("sent",)}
    return Delivery(**{**values, **changes})


def message(delivery_id: UUID | None = FIRST, **changes: Any) -> Message:
    return Message(**{"channel": "waba", "to": "6281", "order": "A-1", "delivery_id": delivery_id, "received_at": 100.5, **changes})


def observed(**changes: Any) -> Observed:
    """Give one send that went as it should, but for the changes."""
    values = {"answers": [answer()], "sends": [send()], "deliveries": [delivery()], "messages": [message()]}
    return Observed(**{**values, **changes})


def problems(seen: Observed, allowed: Allowed = NOTHING) -> dict[str, int]:
    return verdict.judge(seen, allowed).problems()


def test_nothing_is_wrong_with_a_send_that_was_delivered() -> None:
    assert not problems(observed())


@pytest.mark.parametrize("status", [0, 400, 503])
def test_a_request_that_was_never_accepted(status: int) -> None:
    seen = observed(answers=[answer(), answer(None, status, "b")])
    assert problems(seen) == {"not_accepted": 1}


def test_a_client_that_was_told_another_end() -> None:
    failed = {"sends": [send(SendState.FAILED)], "deliveries": [delivery(DeliveryState.FAILED, attempts=())], "messages": []}
    assert problems(observed(answers=[answer(told=True)], **failed)) == {"misled": 1}
    assert problems(observed(answers=[answer(told=False)])) == {"misled": 1}
    assert not problems(observed(answers=[answer(told=False)], **failed))
    assert not problems(observed(answers=[answer(told=True)]))


def test_a_client_was_not_misled_when_it_was_learned_later_that_the_message_had_left() -> None:
    resolved = delivery(attempts=("unknown",))
    assert not problems(observed(answers=[answer(told=False)], deliveries=[resolved]))


def test_an_accepted_send_that_is_not_there() -> None:
    assert problems(observed(sends=[], deliveries=[], messages=[])) == {"vanished": 1}


def test_a_send_that_nobody_asked_for() -> None:
    assert problems(observed(sends=[send(), send(id=OTHER, state=SendState.FAILED)])) == {"surplus": 1}


def test_a_send_of_a_client_that_gave_up_is_no_surplus() -> None:
    seen = observed(answers=[answer(), answer(None, 0, "b")], sends=[send(), send(id=OTHER, state=SendState.FAILED)])
    assert problems(seen) == {"not_accepted": 1}


def test_two_keys_with_one_send() -> None:
    assert problems(observed(answers=[answer(), answer(key="b")])) == {"surplus": 1}


@pytest.mark.parametrize("state", [SendState.RUNNING, SendState.SCHEDULED])
def test_a_send_that_did_not_end(state: SendState) -> None:
    assert problems(observed(sends=[send(state)])) == {"unended": 1}


@pytest.mark.parametrize("state", [DeliveryState.WAITING, DeliveryState.QUEUED, DeliveryState.CLAIMED])
def test_a_delivery_that_did_not_end(state: DeliveryState) -> None:
    waiting = delivery(state, id=SECOND, attempts=())
    assert problems(observed(deliveries=[delivery(), waiting])) == {"unended": 1}


def test_a_send_that_counts_as_sent_and_never_left() -> None:
    failed = delivery(DeliveryState.FAILED, attempts=("not_sent",))
    assert problems(observed(deliveries=[failed], messages=[])) == {"lost": 1}


def test_a_delivery_that_counts_as_sent_and_never_left() -> None:
    elsewhere = delivery(id=SECOND)
    assert problems(observed(deliveries=[delivery(), elsewhere])) == {"claimed": 1}


@pytest.mark.parametrize("state", [DeliveryState.FAILED, DeliveryState.SKIPPED, DeliveryState.CANCELLED])
def test_a_delivery_that_counts_as_not_sent_and_left(state: DeliveryState) -> None:
    seen = observed(sends=[send(SendState.FAILED)], deliveries=[delivery(state, attempts=("not_sent",))])
    assert problems(seen) == {"denied": 1}


@pytest.mark.parametrize("state", [DeliveryState.UNKNOWN, DeliveryState.FAILED])
def test_a_delivery_of_which_a_sent_attempt_was_forgotten(state: DeliveryState) -> None:
    seen = observed(sends=[send(SendState.UNKNOWN)], deliveries=[delivery(state, attempts=("sent", "unknown"))], messages=[])
    assert problems(seen, UNKNOWN_ALLOWED) == {"forgotten": 1}


def test_an_unknown_delivery_that_nothing_excuses() -> None:
    seen = observed(sends=[send(SendState.UNKNOWN)], deliveries=[delivery(DeliveryState.UNKNOWN, attempts=("unknown",))])
    assert problems(seen) == {"doubtful": 1}
    assert not problems(seen, UNKNOWN_ALLOWED)


REPEATED = ("unknown", "sent")


@pytest.mark.parametrize(
    ("channel", "attempts", "repeats", "wrong"),
    [
        ("waba", ("sent",), True, True),
        ("waba", ("not_sent", "sent"), True, True),
        ("waba", ("unknown",), True, True),
        ("waba", REPEATED, False, True),
        ("waba", REPEATED, True, False),
        ("email", ("sent",), False, True),
        ("email", REPEATED, False, False),
    ],
)
def test_a_delivery_accepted_twice(channel: str, attempts: tuple[str, ...], repeats: bool, wrong: bool) -> None:  # noqa: FBT001 - a table's columns.
    seen = observed(deliveries=[delivery(channel=channel, attempts=attempts)], messages=[message(), message()])
    assert problems(seen, Allowed(repeats=repeats)) == ({"duplicates": 1} if wrong else {})
    assert [each.id for each in verdict.repeated(seen)] == [FIRST]


def test_a_delivery_accepted_three_times_needs_two_doubts() -> None:
    thrice = [message()] * 3
    once = observed(deliveries=[delivery(attempts=("unknown", "not_sent", "sent"))], messages=thrice)
    twice = observed(deliveries=[delivery(attempts=("unknown", "unknown", "sent"))], messages=thrice)
    assert problems(once, Allowed(repeats=True)) == {"duplicates": 1}
    assert not problems(twice, Allowed(repeats=True))


def _both_channels(*first: str) -> Observed:
    state = DeliveryState.UNKNOWN if first[-1] == "unknown" else DeliveryState.SENT
    deliveries = [delivery(state, attempts=first), delivery(id=SECOND, channel="telegram")]
    return observed(deliveries=deliveries, messages=[message(), message(None, channel="telegram")])


def test_a_send_accepted_on_two_channels() -> None:
    assert problems(_both_channels("sent")) == {"fanned_out": 1}
    assert not problems(_both_channels("unknown"), UNKNOWN_ALLOWED)
    assert verdict.doubled(_both_channels("unknown")) == [SEND]


def test_a_delivery_before_its_send_was_due() -> None:
    assert problems(observed(sends=[send(schedule_at=100.6)])) == {"early": 1}
    assert not problems(observed(sends=[send(schedule_at=100.4)]))


def test_a_message_of_no_delivery() -> None:
    strangers = [message(SECOND), message(None, order="A-2"), message(None, channel="email")]
    assert problems(observed(messages=[message(), *strangers])) == {"stray": 3}


def test_what_carries_no_id_is_found_by_what_it_is_about() -> None:
    theirs = delivery(channel="telegram")
    seen = observed(deliveries=[theirs], messages=[message(None, channel="telegram")])
    assert not problems(seen)
    assert seen.accepted == {FIRST: list(seen.messages)}

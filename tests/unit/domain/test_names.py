"""Names that stand in the database, on the wire and in texts: renaming one breaks what is stored or said."""

import pytest

from shared.domain import states
from shared.domain.channels import Channel
from shared.domain.outcome import Action, Code
from shared.domain.states import DeliveryState, OnUnknown, SendState


def test_the_channels() -> None:
    assert {channel.value: channel.label for channel in Channel} == {
        "whatsapp": "WhatsApp",
        "waba": "WABA",
        "telegram": "Telegram",
        "email": "Email",
    }


def test_the_states() -> None:
    assert {*SendState} == {"scheduled", "running", "sent", "failed", "unknown", "cancelled", "expired"}
    assert {*DeliveryState} == {"waiting", "queued", "claimed", "sent", "failed", "unknown", "skipped", "cancelled"}


def test_every_state_of_a_send_is_an_answer_or_will_be_left() -> None:
    assert set(SendState) - states.FINAL_SENDS == {SendState.SCHEDULED, SendState.RUNNING}


def test_a_worker_can_still_move_what_is_queued_or_claimed() -> None:
    assert {DeliveryState.QUEUED, DeliveryState.CLAIMED} == states.OPEN


def test_the_policies_and_actions() -> None:
    assert {*OnUnknown} == {"next_tier", "retry", "hold"}
    assert {*Action} == {"retry", "next", "permanent", "key"}


@pytest.mark.parametrize("code", Code)
def test_a_code_is_named_as_it_is_written(code: Code) -> None:
    assert code.value == code.name.lower()

"""What each answer of Fonnte's leads to, posted for real."""

from typing import Any

import pytest

from shared.domain.outcome import Action, Code, Sent, Unknown
from tests.integration.channels.loopback import Reply
from tests.integration.channels.whatsapp.sending import outcome_of, refused
from worker.channels.whatsapp.fonnte import REASONS

PINNED = {
    "request invalid on disconnected device": (Code.DEVICE_DISCONNECTED, Action.KEY),
    "device disconnected": (Code.DEVICE_DISCONNECTED, Action.KEY),
    "token invalid": (Code.CREDENTIALS_REJECTED, Action.KEY),
    "invalid token": (Code.CREDENTIALS_REJECTED, Action.KEY),
    "unknown user": (Code.CREDENTIALS_REJECTED, Action.KEY),
    "invalid device": (Code.CREDENTIALS_REJECTED, Action.KEY),
    "devices must belong to an account": (Code.CREDENTIALS_REJECTED, Action.KEY),
    "insufficient quota": (Code.SENDER_RESTRICTED, Action.KEY),
    "target invalid": (Code.RECIPIENT_UNREACHABLE, Action.NEXT),
    "input invalid": (Code.CONTENT_INVALID, Action.PERMANENT),
    "JSON format invalid": (Code.CONTENT_INVALID, Action.PERMANENT),
    "url invalid": (Code.CONTENT_INVALID, Action.PERMANENT),
    "url unreachable": (Code.MEDIA_UNREACHABLE, Action.RETRY),
    "file format not supported": (Code.CONTENT_UNSUPPORTED, Action.PERMANENT),
    "file size must under 4MB": (Code.CONTENT_TOO_LARGE, Action.PERMANENT),
    "a reason to come": (Code.PROVIDER_ERROR, Action.PERMANENT),
    "": (Code.PROVIDER_ERROR, Action.PERMANENT),
}


def failure(reason: str) -> dict[str, Any]:
    return {"reason": reason, "requestid": 2937124, "status": False}


@pytest.mark.parametrize(("reason", "verdict"), PINNED.items())
def test_every_reason_leads_to_its_action(reason: str, verdict: tuple[Code, Action]) -> None:
    outcome = refused("fonnte", Reply(200, failure(reason)))
    assert (outcome.code, outcome.action) == verdict
    assert outcome.detail == {"reason": reason}


def test_every_reason_of_the_table_is_pinned() -> None:
    assert all(any(part in reason.lower() for reason in PINNED) for part in REASONS)


def test_disconnected_device_has_one_reason() -> None:
    assert refused("fonnte", Reply(200, failure("request invalid on disconnected device"))).reason == "Device disconnected"


def test_reason_is_in_fonnte_s_words() -> None:
    assert refused("fonnte", Reply(200, failure("insufficient quota"))).reason == "insufficient quota"


@pytest.mark.parametrize("body", [{"Status": False, "reason": "token invalid"}, {"status": "false", "reason": "Token invalid"}])
def test_refusal_is_read_in_all_its_spellings(body: Any) -> None:
    assert refused("fonnte", Reply(200, body)).code is Code.CREDENTIALS_REJECTED


@pytest.mark.parametrize(
    ("body", "message_id"),
    [
        ({"status": True, "id": ["80367170"]}, "80367170"),
        ({"status": True, "id": [80367170]}, "80367170"),
        ({"status": "true", "id": "80367170"}, "80367170"),
        ({"status": True}, None),
        ({"status": True, "id": []}, None),
    ],
)
def test_acceptance_is_read_in_all_its_spellings(body: Any, message_id: str | None) -> None:
    outcome = outcome_of("fonnte", Reply(200, body))
    assert isinstance(outcome, Sent)
    assert outcome.provider_message_id == message_id


@pytest.mark.parametrize(
    ("reply", "code", "action"),
    [
        (Reply(401, failure("token invalid")), Code.CREDENTIALS_REJECTED, Action.KEY),
        (Reply(400, failure("target invalid")), Code.RECIPIENT_UNREACHABLE, Action.NEXT),
        (Reply(503, failure("a reason to come")), Code.PROVIDER_UNAVAILABLE, Action.RETRY),
        (Reply(500, "oops"), Code.PROVIDER_ERROR, Action.RETRY),
        (Reply(429, "slow down"), Code.THROTTLED, Action.RETRY),
        (Reply(403, "<html>"), Code.CREDENTIALS_REJECTED, Action.KEY),
    ],
)
def test_other_statuses_speak_where_no_reason_does(reply: Reply, code: Code, action: Action) -> None:
    outcome = refused("fonnte", reply)
    assert (outcome.code, outcome.action) == (code, action)


@pytest.mark.parametrize("body", ["", "<html>", {}, {"status": None}, {"status": 1}, []])
def test_unreadable_answer_is_unknown(body: Any) -> None:
    outcome = outcome_of("fonnte", Reply(200, body))
    assert isinstance(outcome, Unknown)
    assert outcome.code is Code.ANSWER_UNREADABLE

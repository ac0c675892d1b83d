"""What each answer of WAHA's leads to, posted for real."""

from typing import Any

import pytest

from shared.domain.outcome import Action, Code, NotSent, Pause, PauseScope, Sent, Unknown
from tests.integration.channels.loopback import NUMBER, Reply
from tests.integration.channels.samples import MESSAGES
from tests.integration.channels.whatsapp.sending import LISTED, action_of, outcome_of, refused, send
from tests.schemas import provider_file
from worker.channels.whatsapp.waha import MESSAGES as WAHA_MESSAGES
from worker.channels.whatsapp.waha import SESSION_STATES

NO_LID = "2 UNKNOWN: no LID found for 525537135075@s.whatsapp.net from server"


def exception(message: str) -> Reply:
    return Reply(500, {"statusCode": 500, "timestamp": "...", "exception": {"message": message, "name": "Error"}})


def session(status: str) -> Reply:
    body = {"error": "Session status is not as expected. Try again later or restart the session", "session": "default"}
    return Reply(422, {**body, "status": status, "expected": ["WORKING"]})


def said(status: int, message: Any, error: str = "Error") -> Reply:
    return Reply(status, {"message": message, "error": error, "statusCode": status})


PINNED = [
    (said(401, "Unauthorized"), Code.CREDENTIALS_REJECTED, Action.KEY),
    (said(404, "We didn't find a session with name 'default'.\nPlease start it"), Code.DEVICE_DISCONNECTED, Action.KEY),
    (said(404, "Session not found"), Code.DEVICE_DISCONNECTED, Action.KEY),
    (session("SCAN_QR_CODE"), Code.DEVICE_DISCONNECTED, Action.KEY),
    (session("FAILED"), Code.DEVICE_DISCONNECTED, Action.KEY),
    (session("STOPPED"), Code.DEVICE_DISCONNECTED, Action.KEY),
    (session("PASSKEY_REQUIRED"), Code.DEVICE_DISCONNECTED, Action.KEY),
    (session("PASSKEY_CONFIRMATION_REQUIRED"), Code.DEVICE_DISCONNECTED, Action.KEY),
    (session("A_STATUS_TO_COME"), Code.DEVICE_DISCONNECTED, Action.KEY),
    (session("STARTING"), Code.PROVIDER_UNAVAILABLE, Action.RETRY),
    (session("WORKING"), Code.PROVIDER_UNAVAILABLE, Action.RETRY),
    (said(422, "The method is not implemented by the engine."), Code.CONTENT_UNSUPPORTED, Action.PERMANENT),
    (said(422, "WAHA Core support only 'default' session. ..."), Code.CREDENTIALS_REJECTED, Action.KEY),
    (said(422, "something else"), Code.CONTENT_INVALID, Action.PERMANENT),
    (said(400, ["chatId must be a string", "text must be a string"]), Code.CONTENT_INVALID, Action.PERMANENT),
    (exception(NO_LID), Code.RECIPIENT_UNREACHABLE, Action.NEXT),
    (exception("No LID for user"), Code.RECIPIENT_UNREACHABLE, Action.NEXT),
    (exception("Lid is missing in chat table"), Code.RECIPIENT_UNREACHABLE, Action.NEXT),
    (exception("Evaluation failed: t"), Code.PROVIDER_ERROR, Action.RETRY),
    (Reply(500, {"statusCode": 500}), Code.PROVIDER_ERROR, Action.RETRY),
    (Reply(500, "oops"), Code.PROVIDER_ERROR, Action.RETRY),
    (Reply(503, "<html>"), Code.PROVIDER_UNAVAILABLE, Action.RETRY),
    (Reply(413, "too large"), Code.CONTENT_TOO_LARGE, Action.PERMANENT),
    (Reply(404, "<html>"), Code.CREDENTIALS_REJECTED, Action.KEY),
    (Reply(301, "moved"), Code.CREDENTIALS_REJECTED, Action.KEY),
]


@pytest.mark.parametrize(("reply", "code", "action"), PINNED)
def test_every_answer_leads_to_its_action(reply: Reply, code: Code, action: Action) -> None:
    outcome = refused("waha", reply)
    assert (outcome.code, outcome.action) == (code, action)


def test_every_listed_answer_leads_to_its_listed_action() -> None:
    rows = provider_file("waha/errors.json")["errors"]
    outcomes = [outcome_of("waha", Reply(row["http"], row["body"])) for row in rows]
    assert [action_of(outcome) for outcome in outcomes] == [LISTED[row["action"]] for row in rows]


def test_every_answer_of_the_tables_is_pinned() -> None:
    bodies = [(reply.status, str(reply.body)) for reply, _, _ in PINNED]
    assert all(any(state in body for _, body in bodies) for state in SESSION_STATES)
    assert all(any(status == of and part in body for of, body in bodies) for status, part in WAHA_MESSAGES)


@pytest.mark.parametrize(
    "reply", [session("SCAN_QR_CODE"), session("FAILED"), session("STOPPED"), said(404, "find a session with name 'x'")]
)
def test_disconnected_device_has_one_reason(reply: Reply) -> None:
    assert refused("waha", reply).reason == "Device disconnected"


def test_detail_is_in_waha_s_words() -> None:
    outcome = refused("waha", session("SCAN_QR_CODE"))
    assert outcome.detail["session_status"] == "SCAN_QR_CODE"
    assert str(outcome.detail["message"]).startswith("Session status is not as expected")


def test_several_complaints_are_one_reason() -> None:
    assert refused("waha", said(400, ["a is missing", "b is missing"])).reason == "a is missing, b is missing"


@pytest.mark.parametrize(
    ("existence", "reason"),
    [
        (Reply(200, {"numberExists": False}), "the number has no WhatsApp account"),
        (
            Reply(200, {"numberExists": True, "chatId": "5215537135075@c.us"}),
            "the number has WhatsApp, but the gateway cannot address it",
        ),
        (Reply(500, "oops"), "the number was not found on WhatsApp"),
        (Reply(200, "?"), "the number was not found on WhatsApp"),
    ],
)
def test_number_without_an_id_is_asked_for_once_and_given_up(existence: Reply, reason: str) -> None:
    calls, outcome = send("waha", MESSAGES["text"], exception(NO_LID), existence)
    assert isinstance(outcome, NotSent)
    assert (outcome.code, outcome.action, outcome.reason) == (Code.RECIPIENT_UNREACHABLE, Action.NEXT, reason)
    assert outcome.trace is not None
    assert outcome.trace.request == "POST /api/sendText"
    assert [(call.method, call.path) for call in calls] == [("POST", "/wa/api/sendText"), ("GET", "/wa/api/contacts/check-exists")]
    assert calls[1].query == {"phone": NUMBER, "session": "sales"}
    assert calls[1].headers["x-api-key"] == "secret"


def test_group_is_not_asked_for() -> None:
    calls, _ = send("waha", MESSAGES["text"], exception(NO_LID), target="120363042@g.us")
    assert len(calls) == 1


def test_number_is_not_asked_for_before_a_send() -> None:
    calls, _ = send("waha", MESSAGES["text"], Reply(201, {"id": "x"}))
    assert len(calls) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"id": "true_1@c.us_3EB0"},
        {"id": {"fromMe": True, "id": "3EB0", "_serialized": "true_1@c.us_3EB0"}},
        {"_data": {"id": "true_1@c.us_3EB0"}},
        {"_data": {"id": {"_serialized": "true_1@c.us_3EB0"}}},
        {"key": {"remoteJid": "1@s.whatsapp.net", "fromMe": True, "id": "true_1@c.us_3EB0"}},
    ],
)
def test_id_is_found_in_what_every_engine_returns(body: Any) -> None:
    outcome = outcome_of("waha", Reply(201, body))
    assert isinstance(outcome, Sent)
    assert outcome.provider_message_id == "true_1@c.us_3EB0"


@pytest.mark.parametrize("body", ["", "<html>", {}, {"id": None}, {"id": 5}, {"_data": "?"}, []])
def test_accepted_without_an_id_is_unknown(body: Any) -> None:
    outcome = outcome_of("waha", Reply(201, body))
    assert isinstance(outcome, Unknown)
    assert outcome.code is Code.ANSWER_UNREADABLE


@pytest.mark.parametrize("status", [504, 520, 524])
def test_proxy_that_gave_up_waiting_is_unknown(status: int) -> None:
    outcome = outcome_of("waha", Reply(status, "<html>"))
    assert isinstance(outcome, Unknown)
    assert outcome.code is Code.ANSWER_TIMEOUT


def test_throttling_pauses_the_key() -> None:
    outcome = refused("waha", Reply(429, "slow down", {"Retry-After": "12"}))
    assert (outcome.code, outcome.pause) == (Code.THROTTLED, Pause(scope=PauseScope.KEY, seconds=12))

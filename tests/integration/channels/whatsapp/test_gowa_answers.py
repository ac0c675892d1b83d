"""What each answer of GOWA's leads to, posted for real."""

import pytest

from shared.domain.outcome import Action, Code, Sent, Unknown
from tests.integration.channels.loopback import Reply
from tests.integration.channels.whatsapp.sending import LISTED, action_of, outcome_of, refused
from tests.schemas import provider_file
from worker.channels.whatsapp.gowa import CODES


def error(status: int, code: str, message: str = "something") -> Reply:
    return Reply(status, {"code": code, "message": message, "results": None})


PINNED = [
    (Reply(401, "Unauthorized"), Code.CREDENTIALS_REJECTED, Action.KEY),
    (error(401, "AUTHENTICATION_ERROR", "you are not logged in"), Code.DEVICE_DISCONNECTED, Action.KEY),
    (error(404, "DEVICE_NOT_FOUND"), Code.CREDENTIALS_REJECTED, Action.KEY),
    (error(400, "DEVICE_ID_REQUIRED"), Code.CREDENTIALS_REJECTED, Action.KEY),
    (error(400, "INVALID_JID", "user is not registered"), Code.RECIPIENT_UNREACHABLE, Action.NEXT),
    (error(400, "VALIDATION_ERROR", "phone: cannot be blank."), Code.CONTENT_INVALID, Action.PERMANENT),
    (error(429, "WA_REACHOUT_TIMELOCK"), Code.RECIPIENT_LIMITED, Action.NEXT),
    (error(500, "UPLOAD_MEDIA_ERROR"), Code.PROVIDER_ERROR, Action.RETRY),
    (error(500, "INVALID_WA_CLI", "your WhatsApp CLI is invalid or empty"), Code.DEVICE_DISCONNECTED, Action.KEY),
    (error(500, "INTERNAL_SERVER_ERROR", "Whatsapp client is not initialized"), Code.DEVICE_DISCONNECTED, Action.KEY),
    (error(500, "INTERNAL_SERVER_ERROR", "you are not loggin"), Code.DEVICE_DISCONNECTED, Action.KEY),
    (error(500, "INTERNAL_SERVER_ERROR", "usync query failed"), Code.PROVIDER_ERROR, Action.RETRY),
    (error(503, "DEVICE_MANAGER_UNAVAILABLE"), Code.PROVIDER_UNAVAILABLE, Action.RETRY),
    (error(500, "A_CODE_TO_COME"), Code.PROVIDER_ERROR, Action.RETRY),
    (error(400, "A_CODE_TO_COME"), Code.PROVIDER_ERROR, Action.PERMANENT),
    (Reply(502, "<html>"), Code.PROVIDER_UNAVAILABLE, Action.RETRY),
    (Reply(404, "Cannot POST /send/message"), Code.CREDENTIALS_REJECTED, Action.KEY),
]


@pytest.mark.parametrize(("reply", "code", "action"), PINNED)
def test_every_answer_leads_to_its_action(reply: Reply, code: Code, action: Action) -> None:
    outcome = refused("gowa", reply)
    assert (outcome.code, outcome.action) == (code, action)


def test_every_listed_answer_leads_to_its_listed_action() -> None:
    rows = provider_file("gowa/errors.json")["errors"]
    replies = [
        error(row["http"], row["code"], row.get("message", "")) if "code" in row else Reply(row["http"], row["body"])
        for row in rows
    ]
    assert [action_of(outcome_of("gowa", reply)) for reply in replies] == [LISTED[row["action"]] for row in rows]


def test_every_code_of_the_table_is_pinned() -> None:
    assert {reply.body["code"] for reply, _, _ in PINNED if isinstance(reply.body, dict)} - {"A_CODE_TO_COME"} == set(CODES)


@pytest.mark.parametrize("code", [code for code, verdict in CODES.items() if verdict[0] is Code.DEVICE_DISCONNECTED])
def test_disconnected_device_has_one_reason(code: str) -> None:
    assert refused("gowa", error(401, code, "you are not connect to services server")).reason == "Device disconnected"


def test_reason_detail_and_trace_are_in_gowa_s_words() -> None:
    outcome = refused("gowa", error(400, "INVALID_JID", "user is not registered"))
    assert outcome.reason == "user is not registered"
    assert outcome.detail == {"code": "INVALID_JID", "message": "user is not registered"}
    assert outcome.trace is not None
    assert (outcome.trace.request, outcome.trace.status, outcome.trace.provider_code) == ("POST /send/message", 400, "INVALID_JID")


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (error(504, "GATEWAY_TIMEOUT", "Request timed out waiting for WhatsApp server response"), Code.ANSWER_TIMEOUT),
        (Reply(504, "<html>"), Code.ANSWER_TIMEOUT),
        (Reply(200, "<html>"), Code.ANSWER_UNREADABLE),
        (Reply(200, {"code": "INVALID_JID"}), Code.ANSWER_UNREADABLE),
        (Reply(200, {}), Code.ANSWER_UNREADABLE),
    ],
)
def test_what_may_have_been_sent_is_unknown(reply: Reply, code: Code) -> None:
    outcome = outcome_of("gowa", reply)
    assert isinstance(outcome, Unknown)
    assert outcome.code is code


@pytest.mark.parametrize("results", [None, {}, {"message_id": None}])
def test_success_stands_without_an_id(results: object) -> None:
    outcome = outcome_of("gowa", Reply(200, {"code": "SUCCESS", "results": results}))
    assert isinstance(outcome, Sent)
    assert outcome.provider_message_id is None

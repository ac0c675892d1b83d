from typing import Any

import pytest

from shared.domain.outcome import Action, Code, NotSent, Outcome, PauseScope, Sent, Unknown
from tests.integration.channels.telegram.bot_api import ACCEPTED, run, send, serving
from tests.schemas import provider_file

ACTIONS = {"RETRY": Action.RETRY, "NEXT": Action.NEXT, "PERM": Action.PERMANENT, "KEY": Action.KEY}
UPGRADED = "Bad Request: group chat was upgraded to a supergroup chat"

PINNED = [
    (400, "Bad Request: chat not found", "NEXT"),
    (400, "Bad Request: chat_id is empty", "PERM"),
    (400, UPGRADED, "RETRY"),
    (400, "Bad Request: message is too long", "PERM"),
    (400, "Bad Request: can't parse entities: byte offset 5", "PERM"),
    (400, "Bad Request: BUTTON_DATA_INVALID", "PERM"),
    (400, "Bad Request: failed to get HTTP URL content", "RETRY"),
    (400, "Bad Request: wrong type of the web page content", "PERM"),
    (400, "Bad Request: PEER_ID_INVALID", "NEXT"),
    (400, "Bad Request: CHAT_WRITE_FORBIDDEN", "NEXT"),
    (400, "Logged out", "KEY"),
    (401, "Unauthorized: invalid token specified", "KEY"),
    (403, "Forbidden: bot was blocked by the user", "NEXT"),
    (403, "Forbidden: user is deactivated", "NEXT"),
    (403, "Forbidden: bot is not a member of the channel chat", "NEXT"),
    (404, "Not Found", "KEY"),
    (409, "Conflict: terminated by other getUpdates request", "RETRY"),
    (413, "Request Entity Too Large", "PERM"),
    (421, "Misdirected Request: unallowed token specified", "KEY"),
    (429, "Too Many Requests: retry after 12", "RETRY"),
    (500, "Internal Server Error: restart", "RETRY"),
    (502, "Bad Gateway", "RETRY"),
]


def refusal(status: int, description: str, **parameters: int) -> tuple[int, dict[str, Any]]:
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    return status, {**body, "parameters": parameters} if parameters else body


def answered(*answers: tuple[int, Any]) -> tuple[Outcome, list[str]]:
    """Send one message; give the outcome and the chats that were called."""

    async def scenario() -> tuple[Outcome, list[str]]:
        async with serving(*answers) as api:
            return await send(api.base_url), [call.form["chat_id"] for call in api.calls]

    return run(scenario())


def not_sent(*answers: tuple[int, Any]) -> NotSent:
    outcome, _ = answered(*answers)
    assert isinstance(outcome, NotSent)
    return outcome


@pytest.mark.parametrize(("status", "description", "action"), PINNED)
def test_known_refusals(status: int, description: str, action: str) -> None:
    outcome = not_sent(refusal(status, description))
    assert outcome.action is ACTIONS[action]
    assert outcome.reason == description
    assert outcome.trace is not None
    assert (outcome.trace.request, outcome.trace.status) == ("POST /bot*/sendMessage", status)


def test_every_published_refusal_leads_to_the_action_listed_for_it() -> None:
    rows = provider_file("telegram/errors.json")["errors"]
    wrong = [
        (row["description"], outcome.action)
        for row in rows
        if (outcome := not_sent(refusal(row["error_code"], row["description"]))).action is not ACTIONS[row["action"]]
    ]
    assert not wrong


def test_no_published_refusal_is_left_to_chance() -> None:
    rows = provider_file("telegram/errors.json")["errors"]
    general = [row for row in rows if not_sent(refusal(row["error_code"], row["description"])).code is Code.PROVIDER_ERROR]
    assert [row["error_code"] for row in general] == [409]


@pytest.mark.parametrize("status", [413, 500, 502, 503])
def test_a_proxys_page_counts_by_its_status(status: int, caplog: pytest.LogCaptureFixture) -> None:
    outcome = not_sent((status, "<html>nginx</html>"))
    expected = Code.CONTENT_TOO_LARGE if status == 413 else Code.PROVIDER_UNAVAILABLE
    assert (outcome.code, outcome.reason) == (expected, f"Telegram answered {status}")
    assert not caplog.records


def test_throttling_pauses_the_key_for_as_long_as_telegram_says() -> None:
    outcome = not_sent(refusal(429, "Too Many Requests: retry after 12", retry_after=12))
    assert outcome.pause is not None
    assert (outcome.code, outcome.pause.scope, outcome.pause.seconds) == (Code.THROTTLED, PauseScope.KEY, 12.0)


def test_a_group_that_moved_is_followed_at_once() -> None:
    outcome, chats = answered(refusal(400, UPGRADED, migrate_to_chat_id=-1009), (200, ACCEPTED))
    assert isinstance(outcome, Sent)
    assert outcome.detail == {"migrate_to_chat_id": -1009}
    assert chats == ["4242", "-1009"]


def test_a_group_is_followed_once() -> None:
    outcome, chats = answered(refusal(400, UPGRADED, migrate_to_chat_id=-1009))
    assert isinstance(outcome, NotSent)
    assert (outcome.action, outcome.detail["migrate_to_chat_id"]) == (Action.RETRY, -1009)
    assert chats == ["4242", "-1009"]


@pytest.mark.parametrize("answer", ["", "accepted", "{}", {"ok": True, "result": True}, {"ok": True}])
def test_an_acceptance_that_cannot_be_read_is_unknown(answer: Any, caplog: pytest.LogCaptureFixture) -> None:
    outcome, _ = answered((200, answer))
    assert isinstance(outcome, Unknown)
    assert outcome.code is Code.ANSWER_UNREADABLE
    assert not caplog.records

import pytest

from shared.domain.outcome import Action, Code, Mark, NotSent, Pause, PauseScope, Unknown
from worker.channels.telegram import errors
from worker.channels.telegram.answers import Refusal

N, P, K, R = Action.NEXT, Action.PERMANENT, Action.KEY, Action.RETRY

TABLE = [
    (400, "Bad Request: chat not found", Code.RECIPIENT_UNREACHABLE, N),
    (400, "Bad Request: private chat not found", Code.RECIPIENT_UNREACHABLE, N),
    (400, "Bad Request: PEER_ID_INVALID", Code.RECIPIENT_UNREACHABLE, N),
    (400, "Bad Request: have no rights to send a message", Code.RECIPIENT_UNREACHABLE, N),
    (400, "Bad Request: not enough rights to send text messages to the chat", Code.RECIPIENT_UNREACHABLE, N),
    (400, "Bad Request: CHAT_WRITE_FORBIDDEN", Code.RECIPIENT_UNREACHABLE, N),
    (400, "Bad Request: USER_IS_BLOCKED", Code.RECIPIENT_BLOCKED, N),
    (400, "Bad Request: group chat was upgraded to a supergroup chat", Code.RECIPIENT_UNREACHABLE, R),
    (400, "Bad Request: failed to get HTTP URL content", Code.MEDIA_UNREACHABLE, R),
    (400, "Bad Request: chat_id is empty", Code.TARGET_INVALID, P),
    (400, "Bad Request: message thread not found", Code.TARGET_INVALID, P),
    (400, "Bad Request: message text is empty", Code.CONTENT_INVALID, P),
    (400, "Bad Request: can't parse entities: Can't find end of the entity", Code.CONTENT_INVALID, P),
    (400, "Bad Request: BUTTON_DATA_INVALID", Code.CONTENT_INVALID, P),
    (400, "Bad Request: BUTTON_URL_INVALID", Code.CONTENT_INVALID, P),
    (400, "Bad Request: wrong HTTP URL specified", Code.CONTENT_INVALID, P),
    (400, "Bad Request: wrong file identifier/HTTP URL specified", Code.CONTENT_INVALID, P),
    (400, "Bad Request: wrong type of the web page content", Code.CONTENT_INVALID, P),
    (400, "Bad Request: message is too long", Code.CONTENT_TOO_LARGE, P),
    (400, "Bad Request: message caption is too long", Code.CONTENT_TOO_LARGE, P),
    (400, "Bad Request: reply markup is too long", Code.CONTENT_TOO_LARGE, P),
    (400, "Bad Request: file is too big", Code.CONTENT_TOO_LARGE, P),
    (400, "Bad Request: something nobody has seen yet", Code.PROVIDER_ERROR, P),
    (400, "Logged out", Code.CREDENTIALS_REJECTED, K),
    (401, "Unauthorized", Code.CREDENTIALS_REJECTED, K),
    (403, "Forbidden: bot was blocked by the user", Code.RECIPIENT_BLOCKED, N),
    (403, "Forbidden: user is deactivated", Code.RECIPIENT_UNREACHABLE, N),
    (403, "Forbidden: bot was kicked from the channel chat", Code.RECIPIENT_UNREACHABLE, N),
    (403, "Forbidden: something nobody has seen yet", Code.RECIPIENT_UNREACHABLE, N),
    (404, "Not Found", Code.CREDENTIALS_REJECTED, K),
    (409, "Conflict: terminated by other getUpdates request", Code.PROVIDER_ERROR, R),
    (413, "Request Entity Too Large", Code.CONTENT_TOO_LARGE, P),
    (421, "Misdirected Request: unallowed token specified", Code.CREDENTIALS_REJECTED, K),
    (429, "Too Many Requests: retry after 3", Code.THROTTLED, R),
    (500, "Internal Server Error: restart", Code.PROVIDER_UNAVAILABLE, R),
    (502, "", Code.PROVIDER_UNAVAILABLE, R),
    (504, "Gateway Timeout", Code.PROVIDER_UNAVAILABLE, R),
    (301, "", Code.CREDENTIALS_REJECTED, K),
    (418, "", Code.PROVIDER_ERROR, P),
]


@pytest.mark.parametrize(("status", "description", "code", "action"), TABLE)
def test_every_refusal_has_its_meaning(status: int, description: str, code: Code, action: Action) -> None:
    for spelt in (description, description.upper(), description.removeprefix("Bad Request: ").capitalize()):
        outcome = errors.outcome_of_refusal(Refusal(status=status, description=spelt), "POST /bot*/sendMessage")
        assert isinstance(outcome, NotSent)
        assert (outcome.code, outcome.action) == (code, action)
        assert spelt in outcome.reason or not spelt
        assert outcome.detail == {"error_code": status, "description": spelt}
        assert (outcome.mark is Mark.OPTED_OUT) is (code is Code.RECIPIENT_BLOCKED)


@pytest.mark.parametrize(
    ("refusal", "seconds"),
    [
        (Refusal(status=429, description="Too Many Requests: retry after 35", retry_after=35), 35.0),
        (Refusal(status=429, description="Too Many Requests: retry after 35"), 35.0),
        (Refusal(status=429), 5.0),
    ],
)
def test_throttling_pauses_the_whole_bot(refusal: Refusal, seconds: float) -> None:
    outcome = errors.outcome_of_refusal(refusal, "")
    assert isinstance(outcome, NotSent)
    assert outcome.pause == Pause(scope=PauseScope.KEY, seconds=seconds)


def test_nothing_else_pauses() -> None:
    outcome = errors.outcome_of_refusal(Refusal(status=500), "")
    assert isinstance(outcome, NotSent)
    assert outcome.pause is None


def test_a_proxy_that_gave_up_waiting_leaves_it_unknown() -> None:
    assert isinstance(errors.outcome_of_refusal(Refusal(status=504), ""), Unknown)


def test_the_new_number_of_a_group_is_named() -> None:
    refusal = Refusal(status=400, description="Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-100)
    assert errors.outcome_of_refusal(refusal, "").detail["migrate_to_chat_id"] == -100

"""What each answer of Meta's leads to, posted for real."""

from typing import Any

import pytest

from shared.credentials.waba import WabaCredentials
from shared.domain.outcome import Action, Code, NotSent, Outcome, Pause, PauseScope, Sent, Unknown
from tests.integration.channels.loopback import Reply, envelope, run, serving, wired
from tests.integration.channels.samples import MESSAGES
from tests.schemas import provider_file
from worker.channels.waba import errors
from worker.channels.waba.adapter import WabaAdapter

ACTIONS = {"RETRY": Action.RETRY, "NEXT": Action.NEXT, "PERM": Action.PERMANENT, "KEY": Action.KEY}

PINNED = {
    Action.RETRY: {1, 2, 4, 80007, 130429, 131000, 131016, 131053, 131056, 131057, 132069, 133004, 133016},
    Action.NEXT: {130472, 130497, 131021, 131026, 131030, 131047, 131049, 131050},
    Action.PERMANENT: {
        *(100, 131008, 131009, 131051, 131052, 131062, 131063, 134011, 135000, 137000),
        *(132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016, 132068),
    },
    Action.KEY: {
        *(0, 3, 10, 33, 190, 200, 230, 299, 368, 131005, 131031, 131037, 131042, 131045, 131048, 131064, 133006, 133010),
    },
}


def error(code: Any, details: str | None = "what went wrong", subcode: int | None = None, **fields: Any) -> dict[str, Any]:
    document = {"message": f"(#{code}) Title", "type": "OAuthException", "code": code, "fbtrace_id": "Az8or2yhq", **fields}
    if details is not None:
        document["error_data"] = {"messaging_product": "whatsapp", "details": details}
    return {"error": document if subcode is None else {**document, "error_subcode": subcode}}


async def deliver(reply: Reply) -> Outcome:
    async with serving(reply) as provider, wired() as wires:
        credentials = WabaCredentials.model_validate(
            {"phone_number_id": "1", "access_token": "EAAB", "base_url": provider.base_url}
        )
        return await WabaAdapter().send(envelope(MESSAGES["text"]), credentials, wires)


def outcome_of(status: int, body: Any, **headers: str) -> Outcome:
    return run(deliver(Reply(status, body, {name.replace("_", "-"): value for name, value in headers.items()})))


def refused(status: int, body: Any, **headers: str) -> NotSent:
    outcome = outcome_of(status, body, **headers)
    assert isinstance(outcome, NotSent)
    return outcome


@pytest.mark.parametrize(("action", "code"), [(action, code) for action, codes in PINNED.items() for code in sorted(codes)])
def test_every_code_leads_to_its_action(action: Action, code: int) -> None:
    outcome = refused(400, error(code))
    assert outcome.action is action
    assert outcome.detail["code"] == code
    assert outcome.trace is not None
    assert outcome.trace.provider_code == str(code)


def test_every_code_is_pinned() -> None:
    pinned = {code for codes in PINNED.values() for code in codes}
    assert pinned - set(errors.PERMISSIONS) == set(errors.CODES)


def test_every_listed_code_leads_to_its_listed_action() -> None:
    rows = provider_file("waba/error_codes.json")["codes"]
    assert {(row["code"], _listed(row).action) for row in rows} == {(row["code"], ACTIONS[row["action"]]) for row in rows}


def _listed(row: dict[str, Any]) -> NotSent:
    code = 200 if row["code"] == "200-299" else row["code"]
    return refused(row["http"], error(code))


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500, 503])
@pytest.mark.parametrize(("code", "action"), [(131026, Action.NEXT), (190, Action.KEY), (131000, Action.RETRY)])
def test_status_has_no_say_where_there_is_a_code(status: int, code: int, action: Action) -> None:
    assert refused(status, error(code)).action is action


def test_reason_and_detail_are_in_meta_s_words() -> None:
    outcome = refused(400, error(131026, "Message Undeliverable.", 2494010))
    assert outcome.code is Code.RECIPIENT_UNREACHABLE
    assert outcome.reason == "Message Undeliverable."
    assert outcome.detail == {
        "code": 131026,
        "subcode": 2494010,
        "message": "(#131026) Title",
        "details": "Message Undeliverable.",
        "fbtrace_id": "Az8or2yhq",
    }


def test_reason_without_details_is_the_message() -> None:
    assert refused(400, error(131026, None)).reason == "(#131026) Title"


def test_reason_without_words_is_ours() -> None:
    assert refused(400, {"error": {"code": 131026}}).reason == "the message is undeliverable"


@pytest.mark.parametrize(
    ("code", "expected", "reason"),
    [
        (131047, Code.OUTSIDE_WINDOW, "outside the 24-hour window"),
        (131050, Code.RECIPIENT_OPTED_OUT, "recipient has opted out"),
    ],
)
def test_reasons_of_our_contract_stand_whatever_meta_says(code: int, expected: Code, reason: str) -> None:
    outcome = refused(400, error(code, "More than 24 hours have passed"))
    assert (outcome.code, outcome.reason) == (expected, reason)


@pytest.mark.parametrize(
    ("code", "expected", "scope", "seconds"),
    [
        (4, Code.THROTTLED, PauseScope.KEY, 60),
        (80007, Code.THROTTLED, PauseScope.KEY, 60),
        (130429, Code.THROTTLED, PauseScope.KEY, 5),
        (131057, Code.PROVIDER_UNAVAILABLE, PauseScope.KEY, 60),
        (133016, Code.THROTTLED, PauseScope.KEY, 60),
        (131056, Code.RECIPIENT_THROTTLED, PauseScope.RECIPIENT, 6),
    ],
)
def test_throttling_pauses_the_key_or_the_recipient(code: int, expected: Code, scope: PauseScope, seconds: float) -> None:
    outcome = refused(429, error(code))
    assert (outcome.code, outcome.pause) == (expected, Pause(scope=scope, seconds=seconds))
    assert refused(429, error(code), Retry_After="17").pause == Pause(scope=scope, seconds=17)


def test_invalid_parameter_of_a_missing_number_blames_the_key() -> None:
    outcome = refused(400, error(100, None, 33))
    assert (outcome.code, outcome.action) == (Code.CREDENTIALS_REJECTED, Action.KEY)


@pytest.mark.parametrize(
    ("details", "action"),
    [
        ("Downloading media from weblink failed with http code 503", Action.RETRY),
        ("Downloading media from weblink failed with http code 429", Action.RETRY),
        ("Downloading media from weblink failed with http code 408", Action.RETRY),
        ("Request timed out", Action.RETRY),
        ("Downloading media from weblink failed with http code 404, status message Not Found", Action.PERMANENT),
        ("Downloading media from weblink failed with http code 403", Action.PERMANENT),
        ("Unsupported Image mime type application/pdf", Action.PERMANENT),
    ],
)
def test_failed_upload_is_judged_by_its_details(details: str, action: Action) -> None:
    outcome = refused(400, error(131053, details))
    assert (outcome.code, outcome.action) == (Code.MEDIA_UNREACHABLE, action)


@pytest.mark.parametrize(
    ("status", "fields", "action"),
    [(400, {}, Action.PERMANENT), (500, {}, Action.RETRY), (503, {}, Action.RETRY), (400, {"is_transient": True}, Action.RETRY)],
)
def test_unknown_code_is_tried_again_only_where_the_fault_is_meta_s(status: int, fields: dict[str, Any], action: Action) -> None:
    outcome = refused(status, error(999_999, **fields))
    assert (outcome.code, outcome.action) == (Code.PROVIDER_ERROR, action)


def test_code_in_a_string_counts() -> None:
    assert refused(400, error("131026")).action is Action.NEXT


@pytest.mark.parametrize(
    ("status", "body", "code", "action"),
    [
        (500, "oops", Code.PROVIDER_ERROR, Action.RETRY),
        (502, "<html>", Code.PROVIDER_UNAVAILABLE, Action.RETRY),
        (503, {}, Code.PROVIDER_UNAVAILABLE, Action.RETRY),
        (500, {"error": "a string"}, Code.PROVIDER_ERROR, Action.RETRY),
        (500, {"error": {"message": "no code"}}, Code.PROVIDER_ERROR, Action.RETRY),
        (400, {"error": {"code": "9" * 5000}}, Code.PROVIDER_ERROR, Action.PERMANENT),
        (429, "slow down", Code.THROTTLED, Action.RETRY),
        (400, "?", Code.PROVIDER_ERROR, Action.PERMANENT),
        (413, "too large", Code.CONTENT_TOO_LARGE, Action.PERMANENT),
        (302, "", Code.CREDENTIALS_REJECTED, Action.KEY),
        (401, "", Code.CREDENTIALS_REJECTED, Action.KEY),
        (404, "", Code.CREDENTIALS_REJECTED, Action.KEY),
    ],
)
def test_answer_without_a_code_is_judged_by_its_status(status: int, body: Any, code: Code, action: Action) -> None:
    outcome = refused(status, body)
    assert (outcome.code, outcome.action) == (code, action)


def test_throttling_without_a_code_pauses_the_key() -> None:
    assert refused(429, "slow down", Retry_After="3").pause == Pause(scope=PauseScope.KEY, seconds=3)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (504, "", Code.ANSWER_TIMEOUT),
        (200, "", Code.ANSWER_UNREADABLE),
        (200, "<html>welcome</html>", Code.ANSWER_UNREADABLE),
        (200, [], Code.ANSWER_UNREADABLE),
        (200, {}, Code.ANSWER_UNREADABLE),
        (200, {"messages": []}, Code.ANSWER_UNREADABLE),
        (200, {"messages": [{"id": ""}]}, Code.ANSWER_UNREADABLE),
        (200, {"messages": [{"id": 5}]}, Code.ANSWER_UNREADABLE),
        (200, "[" * 100_000, Code.ANSWER_UNREADABLE),
    ],
)
def test_what_may_have_been_sent_is_unknown(status: int, body: Any, code: Code) -> None:
    outcome = outcome_of(status, body)
    assert isinstance(outcome, Unknown)
    assert outcome.code is code


def test_accepted_message_needs_no_more_than_its_id() -> None:
    outcome = outcome_of(200, {"messages": [{"id": "wamid.1"}]})
    assert isinstance(outcome, Sent)
    assert (outcome.provider_message_id, outcome.detail) == ("wamid.1", {})


def test_words_of_meta_can_be_stored() -> None:
    outcome = refused(400, error(131026, "a\0b \ud800 " + "x" * 5000))
    assert outcome.reason.startswith("ab ? xxx")
    assert len(outcome.reason) == 500

"""Every row of the contract's catalogue of errors."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from shared import ids
from tests.acceptance.backend import JsonObject, await_true, new_phone
from tests.acceptance.kirim.conftest import MakeOrganisation
from tests.acceptance.kirim.organisation import Organisation, text
from tests.unit.kirim.examples import PRINTED

_TO = "+628111111111"


def error_of(answer: httpx.Response, status: int) -> JsonObject:
    """Give the error of an answer, in the one envelope there is."""
    assert answer.status_code == status, answer.text
    assert list(answer.json()) == ["error"]
    error: JsonObject = answer.json()["error"]
    assert error.pop("request_id") == answer.headers["X-Request-Id"]
    assert error["message"]
    return error


def check(answer: httpx.Response, status: int, kind: str, code: str, param: str | None = None) -> str:
    """Hold an error against its row and give its message."""
    error = error_of(answer, status)
    assert (error["type"], error["code"], error.get("param")) == (kind, code, param)
    return str(error["message"])


def test_a_wrong_number(organisation: Organisation) -> None:
    message = check(organisation.post(text("628123456789")), 400, "invalid_request_error", "invalid_phone_number", "to")
    assert message == "Phone number must be in E.164 format (e.g. +628123456789)."


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"type": "text", "text": {"body": "a"}}, "missing_required_field", "to"),
        ({"to": _TO}, "missing_required_field", "type"),
        ({"to": _TO, "type": "text", "text": {}}, "missing_required_field", "text.body"),
        ({"to": _TO, "type": "text", "text": {"body": "x" * 4097}}, "invalid_field_value", "text.body"),
        ({"to": _TO, "type": "fax"}, "invalid_field_value", "type"),
        ({"to": _TO, "type": "image", "image": {"url": "http://cdn.example/a"}}, "invalid_field_value", "image.url"),
        ([], "invalid_request", None),
        (b"{", "invalid_request", None),
    ],
)
def test_a_wrong_message(organisation: Organisation, body: Any, code: str, param: str | None) -> None:
    check(organisation.post(body), 400, "invalid_request_error", code, param)


def test_a_template_that_is_not_there_or_cannot_be_sent(organisation: Organisation) -> None:
    organisation.add_template("in_review", status="pending")
    organisation.add_template("turned_down", status="rejected")
    organisation.add_template("switched_off", active=False)

    def answer(name: str, language: str = "id_ID") -> httpx.Response:
        return organisation.post({"to": _TO, "type": "template", "template": {"name": name, "language": language}})

    check(answer("never_made"), 400, "invalid_request_error", "invalid_template_name", "template.name")
    check(answer("our order_confirmation"), 400, "invalid_request_error", "invalid_template_name", "template.name")
    check(answer("order_confirmation", "fr"), 400, "invalid_request_error", "invalid_field_value", "template.language")
    for name in ("in_review", "turned_down", "switched_off"):
        check(answer(name), 400, "invalid_request_error", "invalid_field_value", "template.name")


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/templates"])
@pytest.mark.parametrize("limit", ["0", "101", "-1", "a", ""])
def test_a_wrong_limit(organisation: Organisation, path: str, limit: str) -> None:
    check(organisation.get(path, limit=limit), 400, "invalid_request_error", "invalid_limit", "limit")


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/templates"])
def test_a_wrong_cursor(organisation: Organisation, path: str) -> None:
    check(organisation.get(path, cursor="nonsense"), 400, "invalid_request_error", "invalid_cursor", "cursor")


def test_a_cursor_of_other_filters_or_of_another_account(organisation: Organisation, nobody: Organisation) -> None:
    for _ in range(2):
        organisation.sent(text())
    cursor = organisation.get("/v1/messages", limit=1).json()["next_cursor"]
    assert organisation.get("/v1/messages", limit=1, cursor=cursor).status_code == 200
    for answer in (organisation.get("/v1/messages", cursor=cursor, status="sent"), nobody.get("/v1/messages", cursor=cursor)):
        check(answer, 400, "invalid_request_error", "invalid_cursor", "cursor")


@pytest.mark.parametrize(
    ("path", "query", "param"),
    [
        ("/v1/messages", {"status": "SENT"}, "status"),
        ("/v1/messages", {"direction": "sideways"}, "direction"),
        ("/v1/messages", {"created_after": "yesterday"}, "created_after"),
        ("/v1/messages", {"conversation_id": "cnv_1"}, "conversation_id"),
        ("/v1/templates", {"status": "APPROVED"}, "status"),
    ],
)
def test_a_wrong_filter(organisation: Organisation, path: str, query: dict[str, str], param: str) -> None:
    check(organisation.get(path, **query), 400, "invalid_request_error", "invalid_field_value", param)


def test_a_filter_by_no_number(organisation: Organisation) -> None:
    check(organisation.get("/v1/messages", to="alex"), 400, "invalid_request_error", "invalid_phone_number", "to")


def test_tokens_that_are_not_valid(organisation: Organisation) -> None:
    revoked = organisation.with_token()
    revoked.revoke_token()
    expired = organisation.expire_token(datetime.now(UTC) - timedelta(minutes=5))
    said = {
        "expired_api_key": check(expired.get("/v1/me"), 401, "authentication_error", "expired_api_key"),
        "revoked_api_key": check(revoked.post(text()), 401, "authentication_error", "revoked_api_key"),
    }
    assert said == {"expired_api_key": "This API key has expired.", "revoked_api_key": "This API key has been revoked."}
    for header in ({}, {"Authorization": "Bearer kdv_live_unknown"}, {"Authorization": "Basic abc"}):
        answer = organisation.http.get("/v1/me", headers=header)
        check(answer, 401, "authentication_error", "invalid_api_key")
        assert "X-RateLimit-Limit" not in answer.headers


def test_a_token_that_is_valid_for_a_while_is_valid(organisation: Organisation) -> None:
    assert organisation.expire_token(datetime.now(UTC) + timedelta(hours=1)).get("/v1/me").status_code == 200


def test_a_token_that_was_valid_a_moment_ago(organisation: Organisation) -> None:
    passing = organisation.expire_token(datetime.now(UTC) + timedelta(seconds=2))
    await_true(lambda: passing.get("/v1/me").status_code == 401)
    check(passing.get("/v1/me"), 401, "authentication_error", "expired_api_key")


def test_what_is_not_there_or_another_accounts(organisation: Organisation, nobody: Organisation) -> None:
    identifier = organisation.sent(text())
    never = ids.encode(ids.MESSAGE, ids.new_send())
    said = {
        check(answer, 404, "not_found", "resource_not_found")
        for answer in (
            nobody.get(f"/v1/messages/{identifier}"),
            *(organisation.get(f"/v1/messages/{each}") for each in (never, f"snd_{identifier[4:]}", identifier.lower(), "a")),
        )
    }
    assert len(said) == 1
    check(nobody.get("/v1/templates/order_confirmation"), 404, "not_found", "resource_not_found")
    check(organisation.get("/v1/templates/order_confirmation", language="fr"), 404, "not_found", "resource_not_found")
    check(organisation.get("/v1/nothing"), 404, "not_found", "resource_not_found")


def test_a_method_that_is_not_there(organisation: Organisation) -> None:
    answer = organisation.http.put("/v1/messages", headers=organisation.authorization)
    check(answer, 405, "invalid_request_error", "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"


def test_a_body_that_is_too_large(organisation: Organisation) -> None:
    body = json.dumps(text(body="x" * 300_000)).encode()
    check(organisation.post(body), 413, "invalid_request_error", "invalid_request")


def test_no_number(nobody: Organisation) -> None:
    check(nobody.post(text()), 422, "invalid_request_error", "whatsapp_number_not_verified")
    check(nobody.post({"from": _TO, **text()}), 422, "invalid_request_error", "whatsapp_number_not_verified")


def test_several_numbers_are_told_apart(make_organisation: MakeOrganisation) -> None:
    organisation = make_organisation()
    first, second = f"+{new_phone()}", f"+{new_phone()}"
    organisation.add_number(first)
    key_id = organisation.add_number(second)
    check(organisation.post(text()), 400, "invalid_request_error", "missing_required_field", "from")
    check(organisation.post({"from": _TO, **text()}), 404, "not_found", "resource_not_found", "from")
    check(organisation.post({"from": "0811", **text()}), 400, "invalid_request_error", "invalid_phone_number", "from")
    for sender in (first, second):
        assert organisation.look_up(organisation.sent({"from": sender, **text()}))["from"] == sender
    bound = organisation.with_token(key_id)
    assert bound.look_up(bound.sent(text()))["from"] == second
    check(bound.post({"from": first, **text()}), 404, "not_found", "resource_not_found", "from")
    organisation.revoke(key_id)
    check(bound.post(text()), 422, "invalid_request_error", "whatsapp_number_not_verified")
    assert organisation.look_up(organisation.sent(text()))["from"] == first


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_wrong_idempotency_key(organisation: Organisation, key: str) -> None:
    answer = organisation.post(text(), Idempotency_Key=key)
    check(answer, 400, "invalid_request_error", "invalid_field_value", "Idempotency-Key")


def test_templates_are_listed_and_looked_up(make_organisation: MakeOrganisation) -> None:
    organisation = make_organisation()
    organisation.add_template("welcome", "en_US", status="rejected")
    organisation.add_template("welcome")
    organisation.add_template("bye", status="pending")
    organisation.add_template("hello", active=False)

    def names(**query: str | int) -> list[str]:
        return [f"{each['name']} {each['language']}" for each in organisation.get("/v1/templates", **query).json()["data"]]

    everything = ["hello id_ID", "bye id_ID", "welcome id_ID", "welcome en_US"]
    assert names() == names(status="all") == everything
    assert names(status="approved") == ["hello id_ID", "welcome id_ID"]
    assert (names(status="pending"), names(status="rejected")) == (["bye id_ID"], ["welcome en_US"])
    page = organisation.get("/v1/templates", limit=3).json()
    assert page["has_more"]
    assert names(limit=3, cursor=page["next_cursor"]) == everything[3:]
    found = organisation.get("/v1/templates/welcome").json()["data"]
    assert found == page["data"][2]
    assert list(found) == ["id", "object", "name", "language", "category", "status", "active", "components"]
    assert (found["status"], found["components"]) == ("approved", [{"type": "BODY", "text": "Halo {{1}}"}])
    assert organisation.get("/v1/templates/welcome", language="en_US").json()["data"]["status"] == "rejected"


def test_a_template_is_sent_in_either_writing_of_its_language(organisation: Organisation) -> None:
    template = PRINTED["template"][0]["template"]
    body = {"to": f"+{new_phone()}", "type": "template", "template": {**template, "language": {"code": "id_ID"}}}
    organisation.reached(organisation.sent(body), "sent", "delivered")


def test_me(make_organisation: MakeOrganisation) -> None:
    organisation = make_organisation(write_per_minute=7, read_per_minute=70).with_token(label="backend")
    data = organisation.get("/v1/me").json()["data"]
    assert data["organization"] == {
        "id": ids.encode(ids.ORGANISATION, organisation.account_id),
        "object": "organization",
        "name": organisation.name,
    }
    assert data["api_key"] == {**data["api_key"], "object": "api_key", "label": "backend", "last4": organisation.token[-4:]}
    assert data["rate_limits"] == {"tier": "custom", "write_per_minute": 7, "read_per_minute": 70}

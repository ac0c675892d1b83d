"""Every row of the error tables, byte for byte, and the order in which a request that is wrong in several ways hears of it."""

from typing import Any

import httpx
import pytest
from sqlalchemy import func, update

from shared.db.tables import contacts
from tests.acceptance.backend import Backend, new_phone
from tests.acceptance.kanal.conftest import MakeTeam
from tests.acceptance.kanal.team import VARIABLES, Team, text

TYPE = "type is required and must be one of: text, image, video, audio, document"
WINDOW = "Cannot send free-form message: no active conversation window. Use a template instead."
OPTED_OUT = "Contact has opted out from receiving messages"
ENDPOINTS = [("POST", "messages/send"), ("POST", "templates"), ("GET", "get_templates"), ("POST", "me")]


def refused(answer: httpx.Response, status: int, body: str) -> None:
    assert (answer.status_code, answer.text.strip()) == (status, body)


def error(text: str) -> str:
    return f'{{"error":"{text}"}}'


def about(text: str, contact_id: int, phone: str) -> str:
    return f'{{"error":"{text}","contact_id":{contact_id},"phone_number":"{phone}"}}'


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
@pytest.mark.parametrize(
    ("header", "body"),
    [
        (None, "API key is missing"),
        ("Basic dXNlcjpwYXNz", "API key is missing"),
        ("Bearer", "API key is missing"),
        ("Bearer 8fK2pX9mWq4Ld7Vb3Nc6Ts1Z", "Invalid API key"),
    ],
)
def test_who_is_not_known(team: Team, method: str, path: str, header: str | None, body: str) -> None:
    headers = {} if header is None else {"Authorization": header}
    refused(team.http.request(method, f"/api/v1/{path}", json={}, headers=headers), 401, error(body))


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_an_account_without_a_subscription(make_team: MakeTeam, method: str, path: str) -> None:
    team = make_team(subscribed=False, per_minute=1)
    for _ in range(2):
        answer = team.http.request(method, f"/api/v1/{path}", json={}, headers={"Authorization": f"Bearer {team.token}"})
        refused(answer, 403, error("Team has no active subscription"))


@pytest.mark.steady
@pytest.mark.parametrize("path", ["messages/send", "templates"])
def test_who_asks_too_often(make_team: MakeTeam, path: str) -> None:
    team = make_team(per_minute=2)
    assert [team.post(path, {}).status_code for _ in range(2)] == [400, 400]
    answer = team.post(path, {})
    seconds = int(answer.headers["Retry-After"])
    refused(answer, 429, f'{{"error":"Too many requests. Please slow down.","retry_after":{seconds}}}')
    assert 0 < seconds <= 30
    assert team.post("me").status_code == 200
    assert team.with_token().post(path, {}).status_code == 400


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, TYPE),
        ([], TYPE),
        ({"type": None}, TYPE),
        ({"type": 5}, TYPE),
        ({"type": "sticker"}, TYPE),
        ({"type": "Text"}, TYPE),
        ({"type": "text"}, "text.body is required for type text"),
        ({"type": "text", "text": "Hello"}, "text.body is required for type text"),
        ({"type": "text", "text": {"body": ""}}, "text.body is required for type text"),
        ({"type": "text", "text": {"body": " \n"}}, "text.body is required for type text"),
        ({"type": "text", "text": {"body": 5}}, "text.body is required for type text"),
        ({"type": "text", "text": {"body": "a\0b"}}, "text.body is required for type text"),
        *(({"type": kind, "text": {"body": "x"}}, f"{kind}.link is required for type {kind}") for kind in ("image", "video")),
        *(({"type": kind, kind: {"link": None}}, f"{kind}.link is required for type {kind}") for kind in ("audio", "document")),
        ({"type": "image", "image": {"link": "photo.jpg"}}, "image.link is required for type image"),
        ({"type": "image", "image": {"link": "https://x.example/a.png", "caption": 5}}, "image.caption must be a valid string"),
        (text(""), "to is required"),
        ({"type": "text", "text": {"body": "x"}}, "to is required"),
        ({**text(""), "to": 33612345678}, "to is required"),
        (text("call me"), "Phone number is not valid"),
        (text("0612345678"), "Phone number is not valid"),
        (text("12"), "Phone number is not valid"),
    ],
)
def test_a_message_that_is_wrong(team: Team, body: Any, message: str) -> None:
    refused(team.send(body), 400, error(message))


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b'"text"'])
def test_a_body_that_is_no_object_is_as_one_without_fields(team: Team, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {team.token}"}
    refused(team.http.post("/api/v1/messages/send", content=body, headers=headers), 400, error(TYPE))
    refused(team.http.post("/api/v1/templates", content=body, headers=headers), 400, error("template_id is required"))


def test_unknown_fields_are_ignored(team: Team) -> None:
    assert team.send({**text(team.open_window()), "surprise": {"a": 1}, "image": "none"}).status_code == 200


def test_who_opted_out(team: Team) -> None:
    phone = team.open_window()
    contact_id = team.opt_out(phone)
    refused(team.send(text(phone)), 400, about(OPTED_OUT, contact_id, phone))
    body = {"template_id": team.template(), "phone_number": phone, "variables": VARIABLES}
    refused(team.post("templates", body), 400, about(OPTED_OUT, contact_id, phone))
    assert team.sends_to(phone) == []


def test_who_opted_in_again_since(team: Team) -> None:
    phone = team.open_window()
    contact_id = team.opt_out(phone)
    with team.engine.begin() as connection:
        connection.execute(update(contacts).where(contacts.c.id == contact_id).values(opted_in_at=func.now()))
    answer = team.send(text(phone))
    assert (answer.status_code, answer.json()["contact_id"]) == (200, contact_id)


@pytest.mark.parametrize("hours", [None, 24.01])
def test_a_window_that_is_not_open(team: Team, hours: float | None) -> None:
    phone = new_phone() if hours is None else team.open_window(hours=hours)
    answer = team.send(text(phone))
    [contact] = team.contacts(phone)
    refused(answer, 400, about(WINDOW, contact.id, phone))
    assert team.sends_to(phone) == []


def test_a_window_that_is_nearly_over(team: Team) -> None:
    assert team.send(text(team.open_window(hours=23.9))).status_code == 200


@pytest.mark.parametrize(("code", "message"), [(131047, WINDOW), (131050, OPTED_OUT)])
def test_what_the_provider_knows_of_the_contact(team: Team, backend: Backend, code: int, message: str) -> None:
    phone = team.open_window()
    backend.fault("waba", "recipient", to=phone, code=code)
    answer = team.send(text(phone))
    [contact] = team.contacts(phone)
    refused(answer, 400, about(message, contact.id, phone))


def test_a_message_that_the_provider_refuses(team: Team, backend: Backend) -> None:
    phone = team.open_window()
    backend.fault("waba", "recipient", to=phone)
    [reason] = {team.send(text(phone)).json()["details"] for _ in range(2)}
    refused(team.send(text(phone)), 400, f'{{"error":"Error sending message","details":"{reason}"}}')
    assert reason == team.get(f"/v1/sends/{team.sends_to(phone)[0]['id']}").json()["data"]["tiers"][0]["deliveries"][0]["reason"]


def test_a_request_that_is_wrong_in_every_way_hears_of_it_in_order(make_team: MakeTeam, backend: Backend) -> None:
    team, phone = make_team(), new_phone()
    contact_id = team.opt_out(phone)
    backend.fault("waba", "recipient", to=phone)
    body: dict[str, Any] = {"type": "no", "text": {"body": ""}, "to": ""}
    steps: list[tuple[dict[str, Any], str]] = [
        ({}, TYPE),
        ({"type": "text"}, "text.body is required for type text"),
        ({"text": {"body": "x"}}, "to is required"),
        ({"to": "1"}, "Phone number is not valid"),
    ]
    for change, message in steps:
        body |= change
        refused(team.send(body, Idempotency_Key="k" * 256), 400, error(message))
    body["to"] = phone
    refused(team.send(body), 400, about(OPTED_OUT, contact_id, phone))
    other = new_phone()
    assert team.send({**body, "to": other}).json()["error"] == WINDOW
    backend.fault("waba", "recipient", to=team.open_window(other))
    assert team.send({**body, "to": other}).json()["error"] == "Error sending message"


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "messages/send", 405, "Method Not Allowed"),
        ("PUT", "templates", 405, "Method Not Allowed"),
        ("POST", "get_templates", 405, "Method Not Allowed"),
        ("GET", "me", 405, "Method Not Allowed"),
        ("GET", "automations/7", 404, "Not Found"),
    ],
)
def test_what_is_not_there(team: Team, method: str, path: str, status: int, body: str) -> None:
    answer = team.http.request(method, f"/api/v1/{path}", headers={"Authorization": f"Bearer {team.token}"})
    refused(answer, status, error(body))
    assert (status == 405) == ("Allow" in answer.headers)


def test_a_body_that_is_too_large(team: Team) -> None:
    refused(team.send(text("33612345678", "x" * 300 * 1024)), 413, error("Request Entity Too Large"))

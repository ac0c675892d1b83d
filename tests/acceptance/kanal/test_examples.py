"""Every example of the contract gets its documented answer, and the message reaches its provider."""

import json
import re

import pytest
from sqlalchemy import select

from deploy.local.sandbox import accounts as sandbox
from shared.db.tables import sends
from tests.acceptance.backend import Backend, JsonObject, new_phone
from tests.acceptance.kanal.conftest import MakeTeam
from tests.acceptance.kanal.team import COMPONENTS, VARIABLES, Team, provider_id, text

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def accepted(message: str, answer: JsonObject, contact_id: int, phone: str) -> str:
    integers = f'"message_id":{answer["message_id"]},"contact_id":{contact_id}'
    return f'{{"success":true,"message":"{message}",{integers},"phone_number":"{phone}"}}'


def test_a_text(team: Team, backend: Backend) -> None:
    phone = team.open_window()
    answer = team.send(text(phone))
    assert answer.status_code == 200, answer.text
    [contact] = team.contacts(phone)
    assert answer.text.strip() == accepted("Message sent successfully", answer.json(), contact.id, phone)
    assert contact.name == "Unknown"
    assert [message["body"] for message in backend.received("waba", phone)] == ["Hello from the API!"]


@pytest.mark.parametrize("kind", ["image", "video", "audio", "document"])
def test_a_file(team: Team, backend: Backend, kind: str) -> None:
    phone = team.open_window()
    answer = team.send({"to": phone, "type": kind, kind: {"link": "https://example.com/file", "caption": "Optional caption"}})
    assert answer.status_code == 200, answer.text
    caption = "Optional caption" if kind in {"image", "video"} else ""
    assert [(message["body"]) for message in backend.received("waba", phone)] == [caption]


def test_numbers_of_messages_are_integers_that_grow(team: Team) -> None:
    phone = team.open_window()
    first, second = (team.send(text(phone)).json() for _ in range(2))
    assert isinstance(first["message_id"], int)
    assert second["message_id"] > first["message_id"]
    assert second["contact_id"] == first["contact_id"]
    with team.engine.connect() as connection:
        owned = select(sends.c.number).where(sends.c.account_id == team.account_id)
        assert {first["message_id"], second["message_id"]} <= set(connection.execute(owned).scalars())


def test_a_number_in_another_spelling_is_the_same_contact(team: Team) -> None:
    phone = team.open_window()
    answer = team.send(text(f"+{phone[:2]} {phone[2:5]}-{phone[5:]}")).json()
    assert answer["phone_number"] == phone
    assert len(team.contacts(phone)) == 1


def test_a_template(team: Team, backend: Backend) -> None:
    phone = new_phone()
    body = {"template_id": team.template(), "phone_number": phone, "variables": VARIABLES, "name": "Alex", "email": "a@x.example"}
    answer = team.post("templates", body)
    assert answer.status_code == 200, answer.text
    [contact] = team.contacts(phone)
    assert answer.text.strip() == accepted("Template message sent successfully", answer.json(), contact.id, phone)
    assert (contact.name, contact.email) == ("Alex", "a@x.example")
    assert [message["body"] for message in backend.received("waba", phone)] == ["order_ready\n1001\nAlex\n1001\nx7"]


def test_a_known_contact_keeps_its_name(team: Team) -> None:
    phone = new_phone()
    for name in ("Alex", "Sam"):
        team.post("templates", {"template_id": team.template(), "phone_number": phone, "variables": VARIABLES, "name": name})
    assert [contact.name for contact in team.contacts(phone)] == ["Alex"]


def test_a_template_to_a_number_as_it_is_written_in_france(team: Team) -> None:
    body = {"template_id": team.template(), "phone_number": "06 39 98 00 01", "variables": VARIABLES, "cleanForCountry": "FR"}
    assert team.post("templates", body).json()["phone_number"] == "33639980001"


def test_the_list_of_templates(make_team: MakeTeam) -> None:
    team = make_team()
    wanted = team.template()
    team.template(approved=False)
    team.template(active=False)
    answer = team.get("/api/v1/get_templates")
    assert answer.status_code == 200
    [listed] = answer.json()
    moments = (listed.pop("created_at"), listed.pop("updated_at"))
    assert all(_MOMENT.fullmatch(moment) for moment in moments)
    structure = json.loads(listed.pop("structure"))
    assert listed == {"id": wanted, "phone_number_id": provider_id(team), "name": "order_ready", "wa_status": "APPROVED"}
    assert structure == {
        "header": {"format": "TEXT", "text": COMPONENTS[0]["text"], "variables": [{"name": "order_id"}]},
        "body": {"text": COMPONENTS[1]["text"], "variables": [{"name": "name"}, {"name": "order_id"}]},
        "buttons": [{"type": "URL", "text": "Track", "url": "https://shop.example/{{code}}", "variables": [{"name": "code"}]}],
    }


def test_the_account(make_team: MakeTeam) -> None:
    team = make_team()
    answer = team.post("me")
    assert answer.status_code == 200
    told = answer.json()
    assert re.fullmatch("acc_[0-9A-Z]{26}", told["id"])
    assert told["name"].startswith("kanal ")
    assert told["subscription"] == {"active": True}
    assert told["phone_numbers"] == [{"id": provider_id(team), "phone_number": sandbox.OWN_NUMBER}]


def test_the_api_key_of_the_demonstration(backend: Backend, demo_account: JsonObject) -> None:
    authorization = {"Authorization": f"Bearer {demo_account['kanal_token']}"}
    listed = backend.http.get("/api/v1/get_templates", headers=authorization).json()
    assert demo_account["templates"]["waba"] in [template["id"] for template in listed]
    assert len(backend.http.post("/api/v1/me", headers=authorization).json()["phone_numbers"]) == 1


def test_a_send_is_found_like_any_other(team: Team) -> None:
    phone = team.open_window()
    assert team.send(text(phone)).status_code == 200
    [send] = team.sends_to(phone)
    assert (send["dialect"], send["state"]) == ("kanal", "sent")
    assert team.get(f"/v1/sends/{send['id']}").json()["data"]["state"] == "sent"

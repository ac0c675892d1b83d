"""Which templates can be sent, by whom, and from which number."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert, update

from deploy.local.stack import Stack
from shared.db.tables import templates
from shared.domain.channels import Channel
from shared.domain.states import KeyStatus
from shared.management import keys
from tests.acceptance.backend import Backend, new_phone
from tests.acceptance.kanal.conftest import MakeTeam
from tests.acceptance.kanal.team import VARIABLES, Team, add_number, provider_id, text
from tests.acceptance.kanal.test_refusals import error, refused


def wanted(template_id: Any, /, **fields: Any) -> dict[str, Any]:
    return {"template_id": template_id, "phone_number": new_phone(), "variables": VARIABLES, **fields}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"template_id": None}, "template_id is required"),
        ({"template_id": "7"}, "template_id is required"),
        ({"template_id": True}, "template_id is required"),
        ({"template_id": None, "phone_number": "1"}, "template_id is required"),
        ({"phone_number": None}, "phone_number is required"),
        ({"phone_number": ""}, "phone_number is required"),
        ({"phone_number": 33612345678}, "phone_number is required"),
        ({"phone_number": "06 39 98 00 01"}, "Phone number is not valid"),
        ({"phone_number": "12"}, "Phone number is not valid"),
        ({"variables": "Alex"}, "variables must be an object"),
        ({"variables": {"name": {}}}, "variables.name must be a string or a number"),
        ({"variables": {"name": None}}, "variables.name must be a string or a number"),
        ({"variables": None}, "missing variables: order_id, name, code"),
        ({"variables": []}, "missing variables: order_id, name, code"),
        ({"variables": {"name": "Alex", "order_id": 7, "other": "x"}}, "missing variables: code"),
    ],
)
def test_a_wish_that_is_wrong(team: Team, change: dict[str, Any], message: str) -> None:
    refused(team.post("templates", wanted(team.template(), **change)), 400, error(message))


def test_a_template_that_is_not_there(team: Team, make_team: MakeTeam, backend: Backend) -> None:
    foreign = make_team().template()
    for template_id in (foreign, backend.templates["email"], 0, -1, 1 << 62, 1 << 70):
        refused(team.post("templates", wanted(template_id)), 404, error("Template not found"))


def test_a_template_of_another_channel_is_not_there(team: Team) -> None:
    with team.engine.begin() as connection:
        statement = insert(templates).values(account_id=team.account_id, channel="telegram", name="x", status="approved")
        template_id = connection.execute(statement.returning(templates.c.id)).scalar_one()
    refused(team.post("templates", wanted(template_id)), 404, error("Template not found"))


def test_a_template_that_cannot_be_sent(team: Team) -> None:
    refused(team.post("templates", wanted(team.template(approved=False))), 400, error("Template is not approved for sending"))
    refused(team.post("templates", wanted(team.template(active=False))), 400, error("Template is inactive"))


def test_a_template_without_variables_and_without_a_window(team: Team) -> None:
    template_id = team.template({"type": "BODY", "text": "We are open again."})
    assert team.post("templates", {"template_id": template_id, "phone_number": new_phone()}).status_code == 200


def test_variables_are_named_where_the_placeholders_are_numbers(team: Team, backend: Backend) -> None:
    template_id = team.template(
        {"type": "BODY", "text": "Hi {{1}}, order {{2}}"}, parameter_format="positional", variables=["name", "order_id"]
    )
    body = wanted(template_id, variables={"name": "Alex", "order_id": 1.5})
    assert team.post("templates", body).status_code == 200
    assert backend.received("waba", body["phone_number"])[0]["body"] == "order_ready\nAlex\n1.5"
    [listed] = [each for each in team.get("/api/v1/get_templates").json() if each["id"] == template_id]
    assert '"variables": [{"name": "name"}, {"name": "order_id"}]' in listed["structure"]


def test_a_team_without_a_number(make_team: MakeTeam) -> None:
    team = make_team()
    with team.engine.begin() as connection:
        keys.set_status(connection, team.key_id, KeyStatus.REVOKED)
    body = '{"error":"Error sending message","details":"no WhatsApp number is connected"}'
    refused(team.send(text(team.open_window())), 400, body)
    refused(team.post("templates", wanted(team.template())), 400, body)
    assert team.post("me").json()["phone_numbers"] == []
    assert [each["phone_number_id"] for each in team.get("/api/v1/get_templates").json()] == [0]


def test_an_api_key_sends_from_the_number_it_is_bound_to(make_team: MakeTeam, stack: Stack) -> None:
    team = make_team()
    with team.engine.begin() as connection:
        second = add_number(connection, team.account_id, stack.sandbox_url)
    phone = team.open_window()
    assert team.send(text(phone)).json() == {
        "error": "Error sending message",
        "details": "the API key belongs to several WhatsApp numbers: use one that is bound to a number",
    }
    assert team.with_token(bound_key_id=team.key_id).send(text(phone)).status_code == 200
    bound = team.with_token(bound_key_id=second)
    assert "no active conversation window" in bound.send(text(phone)).json()["error"]
    assert [number["id"] for number in bound.post("me").json()["phone_numbers"]] == [provider_id(replace(team, key_id=second))]


def test_a_template_of_one_number_is_sent_from_it(make_team: MakeTeam, stack: Stack) -> None:
    team = make_team()
    template_id = team.template()
    with team.engine.begin() as connection:
        second = add_number(connection, team.account_id, stack.sandbox_url)
        connection.execute(update(templates).where(templates.c.id == template_id).values(key_id=second))
    assert team.post("templates", wanted(template_id)).status_code == 200
    own = provider_id(replace(team, key_id=second))
    assert [each["phone_number_id"] for each in team.get("/api/v1/get_templates").json()] == [own]
    first = team.with_token(bound_key_id=team.key_id)
    refused(first.post("templates", wanted(template_id)), 404, error("Template not found"))
    assert first.get("/api/v1/get_templates").json() == []


def test_a_template_is_found_like_any_other_send(team: Team) -> None:
    body = wanted(team.template())
    assert team.post("templates", body).status_code == 200
    [send] = team.sends_to(body["phone_number"])
    [delivery] = send["tiers"][0]["deliveries"]
    assert (send["dialect"], delivery["channel"], delivery["template"]) == ("kanal", Channel.WABA, body["template_id"])

"""``antar template``."""

import json
from pathlib import Path
from typing import Any

import pytest

from deploy.local.sandbox import accounts as sandbox
from deploy.local.stack import Stack
from shared.domain.channels import Channel
from shared.management import accounts, keys, templates
from tests.integration.cli.antar import Antar

_BODY = {"subject": "Your order", "html": "<p>Hi {{name}}</p>"}


def _add(antar: Antar, account: str, *options: str) -> dict[str, Any]:
    arguments = ("template", "add", account, "email", "order", "--body", "-", *options)
    made: dict[str, Any] = antar.json(*arguments, stdin=json.dumps(_BODY))
    return made


def test_a_template_is_added_from_a_file_and_waits_for_its_review(antar: Antar, account: str, tmp_path: Path) -> None:
    file = tmp_path / "body.json"
    file.write_text(json.dumps(_BODY))
    made = antar.json("template", "add", account, "email", "order", "--body", str(file), "--language", "id")
    assert (made["channel"], made["name"], made["language"], made["status"], made["active"]) == (
        "email",
        "order",
        "id",
        "pending",
        True,
    )
    assert antar.json("template", "list", account) == [made]


def test_a_template_is_reviewed_and_switched(antar: Antar, account: str) -> None:
    number = str(_add(antar, account)["id"])
    steps = (("approve",), ("deactivate",), ("activate",), ("reject", "--reason", "too loud"))
    found = [antar.json("template", command, number, *options) for command, *options in steps]
    assert [(each["status"], each["active"]) for each in found] == [
        ("approved", True),
        ("approved", False),
        ("approved", True),
        ("rejected", True),
    ]
    assert antar.json("template", "list", account) == found[-1:]


def test_people_see_a_table(antar: Antar, account: str) -> None:
    assert antar.lines("template", "list", account) == "none\n"
    number = _add(antar, account)["id"]
    antar.lines("template", "approve", str(number))
    (row,) = (line for line in antar.lines("template", "list", account).splitlines() if "approved" in line)
    assert row.strip("│ ").startswith(str(number))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{}", "body.subject: is required"),
        ('{"subject": "a", "html": 7}', "body.html: Input should be a valid string"),
        ('{"subject": "a", "html": "\\u0000"}', "body.html: must not contain the NUL character"),
        ("no", "body: is not JSON: Expecting value at line 1, column 1"),
        ("[]", "body: must be a JSON object"),
    ],
)
def test_a_wrong_body_is_refused(antar: Antar, account: str, body: str, said: str) -> None:
    arguments = ("template", "add", account, "email", "order", "--body", "-")
    assert antar.refused(*arguments, stdin=body) == f"Error: {said}\n"
    assert antar.json("template", "list", account) == []


@pytest.mark.parametrize("command", ["approve", "reject", "activate", "deactivate"])
@pytest.mark.parametrize("number", ["0", "987654321", "9" * 30])
def test_an_unknown_template_is_refused(antar: Antar, command: str, number: str) -> None:
    assert antar.refused("template", command, number) == f"Error: there is no template {number}\n"


def test_a_template_is_given_by_its_number(antar: Antar) -> None:
    assert "'order' is not a valid integer" in antar.refused("template", "approve", "order")


def test_an_unknown_account_is_refused(antar: Antar) -> None:
    said = "Error: there is no account 'nobody'\n"
    assert antar.refused("template", "add", "nobody", "email", "order", "--body", "-", stdin=json.dumps(_BODY)) == said
    assert antar.refused("template", "list", "nobody") == said


def _draft(antar: Antar, account: str) -> str:
    with antar.database.begin() as connection:
        owner = accounts.find(connection, account)
        return str(templates.create(connection, owner.id, Channel.EMAIL, "draft", _BODY, submit=False).id)


def test_only_what_was_submitted_is_judged(antar: Antar, account: str) -> None:
    number = _draft(antar, account)
    for command in ("approve", "reject"):
        said = f"Error: template {number} is a draft: its author has not submitted it\n"
        assert antar.refused("template", command, number) == said
    assert antar.json("template", "submit", number)["status"] == "pending"
    assert antar.refused("template", "submit", number) == "Error: the template is pending, and cannot be submitted\n"
    assert antar.json("template", "approve", number)["status"] == "approved"


def test_a_template_is_shown_with_what_it_needs(antar: Antar, account: str) -> None:
    number = str(_add(antar, account)["id"])
    antar.json("template", "reject", number, "--reason", "too loud")
    shown = antar.json("template", "show", number)
    assert (shown["variables"], shown["body"], shown["status_reason"]) == (["name"], _BODY, "too loud")


def test_a_template_is_previewed(antar: Antar, account: str) -> None:
    number = str(_add(antar, account)["id"])
    filled = antar.json("template", "preview", number, "--variable", "name=A=B & C")
    assert filled["rendered"] == {"subject": "Your order", "html": "<p>Hi A=B &amp; C</p>"}
    assert antar.json("template", "preview", number)["missing_variables"] == ["name"]
    assert "give NAME=VALUE" in antar.refused("template", "preview", number, "--variable", "name")


def test_templates_are_read_from_meta(antar: Antar, account: str, stack: Stack) -> None:
    with antar.database.begin() as connection:
        owner = accounts.find(connection, account)
        keys.create(connection, owner.id, Channel.WABA, "number", sandbox.waba(stack.sandbox_url, 88))
        keys.create(connection, owner.id, Channel.WABA, "nowhere", {**sandbox.waba(stack.sandbox_url, 88), "waba_id": "1"})
    read, failed = antar.json("template", "sync", account)
    assert (read["name"], read["error"]) == ("number", None)
    assert read["synced_at"] is not None
    assert (failed["name"], failed["synced_at"]) == ("nowhere", None)
    assert failed["error"].startswith("credentials_rejected: ")
    assert {each["name"] for each in antar.json("template", "list", account)} >= {"hello_world", "order_update"}
    number = str(antar.json("template", "list", account)[0]["id"])
    assert antar.refused("template", "reject", number) == f"Error: template {number} is judged by its provider\n"

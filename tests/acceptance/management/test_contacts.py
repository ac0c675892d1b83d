"""Contacts over the api: who opted out is not written to, and is not forgotten."""

from uuid import UUID

import pytest
from sqlalchemy import Engine, select

from api import cursors
from deploy.local.stack import Stack
from shared import vault
from shared.db.tables import api_tokens
from tests.acceptance.backend import JsonObject, deliveries, new_phone, text
from tests.acceptance.management.manager import Manager
from tests.acceptance.management.test_keys import make

CONTACTS = "/v1/contacts"


def meet(manager: Manager, **more: object) -> JsonObject:
    """Make a contact by a number that nobody else has."""
    made: JsonObject = manager.told("POST", CONTACTS, {"channel": "whatsapp", "address": f"+{new_phone()}", **more})
    return made


def test_a_contact_is_kept_in_its_canonical_form(manager: Manager) -> None:
    phone = new_phone()
    made = meet(manager, address=f"+{phone[:2]} {phone[2:5]}-{phone[5:]}", name="Alex", email="alex@customer.example")
    assert (made["channel"], made["address"], made["name"], made["email"]) == ("whatsapp", phone, "Alex", "alex@customer.example")
    assert (made["opted_out"], made["opted_out_at"], made["opted_in_at"]) == (False, None, None)
    assert manager.told("GET", f"{CONTACTS}/{made['id']}") == made
    assert manager.refused("POST", CONTACTS, {"channel": "whatsapp", "address": phone}) == (409, "contact_exists", None)
    assert manager.told("POST", CONTACTS, {"channel": "waba", "address": phone})["id"] != made["id"]


def test_a_cursor_that_was_made_up_begins_at_the_newest(manager: Manager, own_process: Engine) -> None:
    made = meet(manager)
    own = select(api_tokens.c.account_id).where(api_tokens.c.hash == vault.token_hash(manager.token))
    with own_process.connect() as connection:
        account_id: UUID = connection.execute(own).scalar_one()
    cursor = cursors.encode(UUID(int=2**128 - 1), ("contacts", account_id.hex, None, None, None))
    assert [each["id"] for each in manager.told("GET", f"{CONTACTS}?cursor={cursor}")] == [made["id"]]


def test_who_opts_out_is_left_alone_until_it_opts_in(manager: Manager, stack: Stack) -> None:
    backend = manager.backend(telegram=make(manager, stack)["token"])
    body = backend.send({"telegram": 0}, {"telegram": text()})
    known = meet(manager, channel="telegram", address=body["target"]["telegram"], opted_out=True)
    assert known["opted_out"] is True
    for opted_out, code in ((True, "recipient_opted_out"), (False, None)):
        changed = manager.told("PATCH", f"{CONTACTS}/{known['id']}", {"opted_out": opted_out})
        assert changed["opted_out"] is opted_out
        sent = deliveries(backend.ended(backend.post(body, Prefer="respond-async").json()["id"]))["telegram"]
        assert sent["code"] == code
    after = manager.told("GET", f"{CONTACTS}/{known['id']}")
    assert after["opted_out_at"] == known["opted_out_at"] < after["opted_in_at"]


def test_a_contact_is_changed_in_what_is_said(manager: Manager) -> None:
    path = f"{CONTACTS}/{meet(manager, name='Alex', email='alex@customer.example')['id']}"
    changed = manager.told("PATCH", path, {"name": "Sam", "opted_out": None})
    assert (changed["name"], changed["email"], changed["opted_out"]) == ("Sam", "alex@customer.example", False)
    assert manager.told("PATCH", path, {"email": None})["email"] is None


def test_a_contact_is_changed_and_deleted_only_as_it_was_seen(manager: Manager) -> None:
    path = f"{CONTACTS}/{meet(manager)['id']}"
    first = manager.ask("GET", path).headers["ETag"]
    assert manager.ask("GET", path, If_None_Match=f'"other", {first}').status_code == 304
    manager.told("PATCH", path, {"name": "Alex"}, If_Match=first)
    for method, body in (("PATCH", {"name": "Sam"}), ("DELETE", None)):
        assert manager.refused(method, path, body, If_Match=first) == (412, "precondition_failed", "If-Match")
    assert manager.told("GET", path)["name"] == "Alex"
    assert manager.told("DELETE", path, If_Match=manager.ask("GET", path).headers["ETag"])["deleted"] is True
    assert manager.refused("GET", path) == (404, "resource_not_found", None)


def test_who_opted_out_is_not_forgotten(manager: Manager) -> None:
    path = f"{CONTACTS}/{meet(manager, opted_out=True)['id']}"
    assert manager.refused("DELETE", path) == (409, "contact_opted_out", None)
    manager.told("PATCH", path, {"opted_out": False})
    assert manager.told("DELETE", path)["deleted"] is True


def test_contacts_are_found_by_what_is_known_of_them(manager: Manager) -> None:
    alex = meet(manager, name="Alex_1 Example")
    sam = meet(manager, name="Sam", channel="email", address="sam@customer.example", opted_out=True)
    searches = {
        "": [sam, alex],
        "channel=email": [sam],
        "opted_out=true": [sam],
        "opted_out=false": [alex],
        "search=lex_1": [alex],
        "search=lex%251": [],
        "search=CUSTOMER": [sam],
        f"search=%2B{alex['address']}": [alex],
        "search=sam&channel=whatsapp": [],
    }
    assert {query: manager.told("GET", f"{CONTACTS}?{query}") for query in searches} == searches


def test_contacts_come_page_by_page(manager: Manager) -> None:
    made = [meet(manager)["id"] for _ in range(5)]
    pages = list(manager.pages(f"{CONTACTS}?limit=2"))
    assert [[each["id"] for each in page] for page in pages] == [made[4:2:-1], made[2:0:-1], made[:1]]


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"address": "6281"}, "missing_required_field", "channel"),
        ({"channel": "fax", "address": "1"}, "invalid_field_value", "channel"),
        ({"channel": "whatsapp"}, "missing_required_field", "address"),
        ({"channel": "whatsapp", "address": "12"}, "invalid_field_value", "address"),
        ({"channel": "email", "address": "alex"}, "invalid_field_value", "address"),
        ({"channel": "whatsapp", "address": "6281300000001", "name": "x" * 201}, "invalid_field_value", "name"),
        ({"channel": "whatsapp", "address": "6281300000001", "opted_out": "yes"}, "invalid_field_value", "opted_out"),
        ({"channel": "whatsapp", "address": "6281300000001", "opt_out": True}, "invalid_field_value", "opt_out"),
        ([], "invalid_request", None),
    ],
)
def test_a_wrong_contact_is_refused_by_its_field(manager: Manager, body: object, code: str, param: str | None) -> None:
    assert manager.refused("POST", CONTACTS, body) == (400, code, param)


@pytest.mark.parametrize(
    ("query", "param"), [("search=ab", "search"), ("opted_out=maybe", "opted_out"), ("channel=fax", "channel")]
)
def test_a_wrong_search_is_refused_by_its_parameter(manager: Manager, query: str, param: str) -> None:
    assert manager.refused("GET", f"{CONTACTS}?{query}") == (400, "invalid_field_value", param)


@pytest.mark.parametrize("identifier", ["0", "x", "-1", "9" * 30, "%D9%A1"])
def test_an_id_that_nobody_has(manager: Manager, identifier: str) -> None:
    assert manager.refused("GET", f"{CONTACTS}/{identifier}") == (404, "resource_not_found", None)

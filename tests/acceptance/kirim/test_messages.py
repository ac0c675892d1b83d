"""Messages from their acceptance to their end, as the contract prints them."""

import re
from dataclasses import replace
from typing import Any

import pytest

from deploy.local.sandbox import accounts as sandbox
from shared import ids
from tests.acceptance.backend import Backend, JsonObject, await_true, new_phone
from tests.acceptance.kirim.conftest import MakeOrganisation
from tests.acceptance.kirim.organisation import Organisation, text
from tests.unit.kirim.examples import PRINTED

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_WINDOW = "Message failed to send because more than 24 hours have passed since the recipient last messaged you."


@pytest.fixture(scope="module")
def demo(make_organisation: MakeOrganisation, demo_account: JsonObject) -> Organisation:
    """The account whose number the sandbox's webhooks come for."""
    return replace(make_organisation(), token=demo_account["token"])


def report(backend: Backend, to: str, status: str, **more: Any) -> None:
    """Let Meta say how far the message to somebody got."""
    await_true(lambda: bool(backend.received("waba", to.removeprefix("+"))))
    (message,) = backend.received("waba", to.removeprefix("+"))
    order = {"provider_message_id": message["provider_message_id"], "status": status, **more}
    assert backend.sandbox.post("/_sandbox/receipts", json=order).status_code == 202


def test_an_accepted_message_is_answered_as_printed(organisation: Organisation) -> None:
    to = f"+{new_phone()}"
    answer = organisation.post(text(to))
    assert answer.status_code == 202
    body = answer.json()
    assert list(body) == ["data", "request_id"]
    assert list(body["data"]) == ["id", "object", "to", "type", "status", "created_at"]
    assert body["data"] == {**body["data"], "object": "message", "to": to, "type": "text", "status": "pending"}
    assert ids.decode(ids.MESSAGE, body["data"]["id"])
    assert _MOMENT.fullmatch(body["data"]["created_at"])
    assert body["request_id"] == answer.headers["X-Request-Id"]
    assert "Idempotent-Replayed" not in answer.headers


@pytest.mark.parametrize("kind", PRINTED)
def test_each_printed_message_reaches_meta(organisation: Organisation, backend: Backend, kind: str) -> None:
    message, _ = PRINTED[kind]
    to = f"+{new_phone()}"
    identifier = organisation.sent({"to": to, **message})
    found = organisation.reached(identifier, "sent", "delivered", "failed")
    assert (found["status"], found["type"], found["to"]) == ("sent", message["type"], to)
    (received,) = backend.received("waba", to.removeprefix("+"))
    assert found["provider_message_id"] == received["provider_message_id"]
    assert found["from"] == f"+{sandbox.OWN_NUMBER}"
    assert "error" not in found


@pytest.mark.usefixtures("_no_receipts_by_themselves")
def test_a_message_is_sent_then_delivered_then_read(demo: Organisation, backend: Backend) -> None:
    to = f"+{new_phone()}"
    identifier = demo.sent(text(to))
    created_at = demo.look_up(identifier)["created_at"]
    demo.reached(identifier, "sent")
    for status in ("delivered", "read"):
        report(backend, to, status)
        assert demo.reached(identifier, status)["created_at"] == created_at
    report(backend, to, "delivered")
    assert demo.look_up(identifier)["status"] == "read"


@pytest.mark.usefixtures("_no_receipts_by_themselves")
def test_what_meta_took_and_could_not_deliver_has_failed(demo: Organisation, backend: Backend) -> None:
    to = f"+{new_phone()}"
    identifier = demo.sent(text(to))
    demo.reached(identifier, "sent")
    report(backend, to, "failed", code=131047)
    found = demo.reached(identifier, "failed")
    assert found["error"] == {"code": "outside_24h_window", "message": _WINDOW, "provider_code": 131047}


def test_outside_the_window_the_row_fails_as_printed(make_organisation: MakeOrganisation, backend: Backend) -> None:
    organisation = make_organisation()
    organisation.add_number(window="enforce")
    organisation.add_template("order_confirmation")
    to = f"+{new_phone()}"
    found = organisation.reached(organisation.sent(text(to)), "failed")
    assert found["error"] == {"code": "outside_24h_window", "message": _WINDOW, "provider_code": 131047}
    assert backend.received("waba", to.removeprefix("+")) == []
    template = organisation.sent({"to": to, **PRINTED["template"][0]})
    organisation.reached(template, "sent", "delivered")


_REFUSALS = [
    (131047, "outside_24h_window"),
    (132015, "template_paused"),
    (132016, "template_disabled"),
    (132000, "template_param_count_mismatch"),
    (132001, "template_param_format_mismatch"),
    (132012, "template_param_format_mismatch"),
    (131026, "recipient_not_on_whatsapp"),
]


@pytest.mark.parametrize(("provider_code", "code"), _REFUSALS)
def test_what_meta_refuses_has_a_stable_code(organisation: Organisation, backend: Backend, provider_code: int, code: str) -> None:
    to = new_phone()
    backend.fault("waba", "content", to=to, code=provider_code)
    error = organisation.reached(organisation.sent({"to": f"+{to}", **PRINTED["template"][0]}), "failed")["error"]
    assert (error["code"], error["provider_code"]) == (code, provider_code)
    assert error["message"]


@pytest.mark.usefixtures("_no_receipts_by_themselves")
def test_what_may_have_been_sent_has_failed_with_a_code_that_says_so(organisation: Organisation, backend: Backend) -> None:
    to = new_phone()
    backend.fault("waba", "drop_after", to=to)
    error = organisation.reached(organisation.sent(text(f"+{to}")), "failed")["error"]
    assert (error["code"], error["provider_code"]) == ("outcome_unknown", None)


def test_a_message_is_also_a_send(organisation: Organisation) -> None:
    identifier = organisation.sent(text())
    organisation.reached(identifier, "sent", "delivered")
    send = organisation.get(f"/v1/sends/snd_{identifier.removeprefix('msg_')}").json()["data"]
    assert (send["dialect"], send["state"]) == ("kirim", "sent")


def listed(organisation: Organisation, **query: str | int) -> list[str]:
    """Give the ids of all pages of a list."""
    found: list[str] = []
    more: dict[str, str] = {}
    while True:
        answer = organisation.get("/v1/messages", **query, **more)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [message["id"] for message in page["data"]]
        assert page["has_more"] is (page["next_cursor"] is not None)
        if not page["has_more"]:
            return found
        more = {"cursor": page["next_cursor"]}


@pytest.fixture(scope="module")
def correspondent(make_organisation: MakeOrganisation, backend: Backend) -> tuple[Organisation, dict[str, str]]:
    """An account with three messages that were sent and one that failed, by who they went to."""
    organisation = make_organisation()
    organisation.add_number()
    people = [new_phone() for _ in range(4)]
    backend.fault("waba", "recipient", to=people[-1])
    sent = {f"+{each}": organisation.sent(text(f"+{each}")) for each in people}
    for identifier in sent.values():
        organisation.reached(identifier, "sent", "delivered", "failed")
    return organisation, sent


def test_messages_are_listed_newest_first_page_by_page(correspondent: tuple[Organisation, dict[str, str]]) -> None:
    organisation, sent = correspondent
    newest_first = [*reversed(sent.values())]
    for limit in (1, 2, 3, 4, 100):
        assert listed(organisation, limit=limit) == newest_first
    assert organisation.get("/v1/messages").json()["data"][0] == organisation.look_up(newest_first[0])


def test_messages_are_found_by_what_they_have_in_common(correspondent: tuple[Organisation, dict[str, str]]) -> None:
    organisation, sent = correspondent
    *well, failed = sent.values()
    assert listed(organisation, status="failed") == [failed]
    assert listed(organisation, status="sent", limit=1) == [*reversed(well)]
    assert listed(organisation, status="read") == []
    assert listed(organisation, direction="inbound") == []
    assert listed(organisation, direction="outbound", status="failed") == [failed]
    to, identifier = next(iter(sent.items()))
    assert listed(organisation, to=to) == listed(organisation, to=to.removeprefix("+"), status="sent") == [identifier]
    assert listed(organisation, to=to, status="failed") == []
    second = organisation.look_up(well[1])["created_at"]
    assert set(listed(organisation, created_after=second)) >= {well[1], well[2], failed}
    assert set(listed(organisation, created_before=second)) <= {well[0]}


def test_sends_of_other_dialects_are_no_messages(demo: Organisation, backend: Backend) -> None:
    send_id = backend.post(backend.send({"waba": 0})).json()["id"]
    identifier = f"msg_{send_id.removeprefix('snd_')}"
    assert demo.get(f"/v1/messages/{identifier}").status_code == 404
    assert identifier not in listed(demo)

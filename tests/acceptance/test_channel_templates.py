"""Templates over the api: written, previewed, judged, sent, and kept as Meta has them."""

import time
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from deploy.local.sandbox import accounts as sandbox
from deploy.local.sandbox import events
from deploy.local.stack import Stack
from shared import ids
from shared.domain.channels import Channel
from shared.management import accounts, keys, templates, tokens
from shared.settings import HIGHEST_PER_MINUTE
from tests.acceptance.backend import Backend, JsonObject, await_true
from tests.acceptance.openapi.tenants import connected

_TELEGRAM = "/v1/channels/telegram/templates"
_WABA = "/v1/channels/waba/templates"
_TEXT = {"type": "text", "message": "Hi {{name}}, order {{order_id}}"}
_COMPONENTS = [{"type": "BODY", "text": "Halo {{1}}, pesanan {{2}}"}]


@dataclass(frozen=True, kw_only=True)
class Author(Backend):
    """An account that no other test uses, with two channels."""

    stack: Stack
    bound_token: str
    waba_id: str
    waba_key: str

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.request(method, path, json=body, headers={"Authorization": f"Bearer {self.token}", **named})

    def done(self, method: str, path: str, body: Any = None, status: int = 200) -> JsonObject:
        answer = self.ask(method, path, body)
        assert answer.status_code == status, answer.text
        data: JsonObject = answer.json()["data"]
        return data

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str, str | None]:
        answer = self.ask(method, path, body)
        error = answer.json()["error"]
        return answer.status_code, error["code"], error.get("param")

    def made(self, path: str = _TELEGRAM, **fields: Any) -> JsonObject:
        return self.done("POST", path, {"name": "order ready", "body": _TEXT, **fields}, 201)

    def approve(self, template: JsonObject) -> None:
        with connected(self.stack) as connection:
            templates.approve(connection, template["id"])

    def sends(self, channel: str, template: JsonObject, **variables: str) -> tuple[bool, str | None, str]:
        """Send a template, and give whether it was sent, why not, and to whom."""
        body = self.send({channel: 0}, {channel: {"template": template["id"]}}, variables=variables)
        told = self.post(body).json()["channels"][channel]
        return told["status"], told.get("reason"), body["target"][channel]

    def synced(self) -> None:
        """Have the templates read from Meta, and wait until they are known as of now."""
        (asked,) = self.ask("POST", f"{_WABA}/sync").json()["data"]
        await_true(lambda: self.ask("GET", "/v1/channels/waba/template_sync").json()["data"][0]["synced_at"] != asked["synced_at"])

    def waba_template(self, name: str) -> JsonObject:
        (found,) = self.ask("GET", f"{_WABA}?search={name}").json()["data"]
        return dict(found)

    def has(self, *wanted: JsonObject) -> None:
        self.sandbox.put(f"/_sandbox/templates/{self.waba_id}", json={"templates": wanted}).raise_for_status()


@pytest.fixture(scope="module")
def author(backend: Backend, stack: Stack) -> Author:
    waba_id = str(ids.new().int)[:15]
    credentials = {
        Channel.TELEGRAM: sandbox.telegram(stack.sandbox_url, 91),
        Channel.WABA: {**sandbox.waba(stack.sandbox_url, 91), "waba_id": waba_id},
    }
    with connected(stack) as connection:
        account_id = accounts.create(connection, f"author {ids.new()}").id
        accounts.change(connection, account_id, dict.fromkeys(accounts.LIMITS, HIGHEST_PER_MINUTE))
        made = {channel: keys.create(connection, account_id, channel, channel, held) for channel, held in credentials.items()}
        waba_key = made[Channel.WABA][0].id
        token, bound = tokens.create(connection, account_id)[1], tokens.create(connection, account_id, bound_key_id=waba_key)[1]
    return Author(
        http=backend.http,
        sandbox=backend.sandbox,
        token=token,
        bound_token=bound,
        keys={channel: plain for channel, (_, plain) in made.items()},
        templates={},
        stack=stack,
        waba_id=waba_id,
        waba_key=ids.encode(ids.KEY, waba_key),
    )


def test_a_template_goes_from_draft_to_message(author: Author) -> None:
    draft = author.made()
    assert (draft["status"], draft["active"], draft["variables"]) == ("draft", True, ["name", "order_id"])
    one = f"{_TELEGRAM}/{draft['id']}"
    assert author.sends("telegram", draft, name="Alex")[:2] == (False, "template is not approved for sending")
    assert author.done("POST", f"{one}/submit", status=202)["status"] == "pending"
    assert author.refused("PATCH", one, {"name": "another"})[:2] == (409, "template_state")
    author.approve(draft)
    filled = {"name": "Alex {{name}}", "order_id": "A-1"}
    preview = author.done("POST", f"{one}/preview", {"variables": filled})
    sent, _, chat = author.sends("telegram", draft, **filled)
    (received,) = author.received("telegram", chat)
    assert sent
    assert received["body"] == preview["rendered"]["message"] == "Hi Alex {{name}}, order A-1"
    assert author.done("POST", f"{one}/deactivate")["active"] is False
    assert author.sends("telegram", draft, **filled)[:2] == (False, "template is inactive")
    assert author.done("POST", f"{one}/activate")["active"] is True
    assert author.sends("telegram", draft, **filled)[0] is True


def test_a_preview_says_what_is_in_the_way(author: Author) -> None:
    one = f"{_TELEGRAM}/{author.made()['id']}/preview"
    told = {"object": "template_preview", "rendered": None, "missing_variables": ["order_id"], "invalid_field": None}
    assert author.done("POST", one, {"variables": {"name": 7}}) == told
    assert author.done("POST", one)["missing_variables"] == ["name", "order_id"]
    assert author.refused("POST", one, {"variables": {"name": []}}) == (400, "invalid_field_value", "variables.name")


def test_the_author_reads_why_a_template_was_rejected_and_mends_it(author: Author) -> None:
    made = author.made(submit=True)
    one = f"{_TELEGRAM}/{made['id']}"
    with connected(author.stack) as connection:
        templates.reject(connection, made["id"], "too loud")
    found = author.done("GET", one)
    assert (found["status"], found["status_reason"]) == ("rejected", "too loud")
    mended = author.done("PATCH", one, {"body": {"type": "text", "message": "Hi"}, "name": " softer "})
    assert (mended["status"], mended["status_reason"], mended["variables"], mended["name"]) == ("draft", None, [], "softer")
    assert author.done("DELETE", one) == {"id": made["id"], "object": "template", "deleted": True}
    assert author.refused("GET", one)[0] == 404


def test_nobody_changes_what_he_has_not_seen(author: Author) -> None:
    one = f"{_TELEGRAM}/{author.made()['id']}"
    seen = author.ask("GET", one).headers["ETag"]
    assert author.ask("GET", one, If_None_Match=seen).status_code == 304
    changed = author.ask("PATCH", one, {"name": "first"}, If_Match=seen)
    assert (changed.status_code, changed.headers["ETag"] != seen) == (200, True)
    for method, body in (("PATCH", {"name": "second"}), ("DELETE", None)):
        assert author.ask(method, one, body, If_Match=seen).status_code == 412
    assert author.done("GET", one)["name"] == "first"


@pytest.mark.parametrize(
    ("channel", "body", "param"),
    [
        ("telegram", {"body": _TEXT}, "name"),
        ("telegram", {"name": "a"}, "body"),
        ("telegram", {"name": " ", "body": _TEXT}, "name"),
        ("telegram", {"name": "a", "body": {"type": "sms"}}, "body.type"),
        ("telegram", {"name": "a", "body": _TEXT, "submit": "yes"}, "submit"),
        ("telegram", {"name": "a", "body": _TEXT, "category": "UTILITY"}, "category"),
        ("telegram", {"name": "a", "body": _TEXT, "key": f"key_{'0' * 26}"}, "key"),
        ("email", {"name": "a", "body": {"subject": "b"}}, "body.html"),
        ("waba", {"name": "a", "body": {"name": "a", "language": "id"}, "category": "UTILITY"}, "body.components"),
        ("waba", {"name": "a", "body": {"name": "a", "language": "id", "components": []}}, "category"),
        ("waba", {"name": "a", "body": {}, "category": "UTILITY", "key": "acme"}, "key"),
    ],
)
def test_a_refusal_names_the_field(author: Author, channel: str, body: JsonObject, param: str) -> None:
    status, _, named = author.refused("POST", f"/v1/channels/{channel}/templates", body)
    assert (status, named) == (400, param)


@pytest.mark.parametrize("query", ["status=new", "active=1", "search=ab", "limit=0", "cursor=x"])
def test_a_wrong_filter_is_named(author: Author, query: str) -> None:
    assert author.refused("GET", f"{_TELEGRAM}?{query}")[::2] == (400, query.partition("=")[0])


def test_a_list_is_narrowed_and_paged(author: Author) -> None:
    made = [author.made(name=f"Find_me 100% {number}", submit=number == 2)["id"] for number in range(4)]
    author.made(name="find me not")
    author.done("POST", f"{_TELEGRAM}/{made[0]}/deactivate")
    base = f"{_TELEGRAM}?search=find_ME%20100%25&limit=2"
    first = author.ask("GET", base).json()
    second = author.ask("GET", f"{base}&cursor={first['next_cursor']}").json()
    assert [each["id"] for each in first["data"] + second["data"]] == made[::-1]
    assert (first["has_more"], second["has_more"], second["next_cursor"]) == (True, False, None)
    for narrower, expected in (("status=pending", [made[2]]), ("active=false", [made[0]])):
        assert [each["id"] for each in author.ask("GET", f"{base}&{narrower}").json()["data"]] == expected
    assert author.ask("GET", f"{_WABA}?search=Find_me").json()["data"] == []
    assert author.refused("GET", f"{_TELEGRAM}?cursor={first['next_cursor']}")[2] == "cursor"


@pytest.mark.parametrize("path", ["/v1/channels/sms/templates", f"{_TELEGRAM}/0", f"{_TELEGRAM}/x", f"{_TELEGRAM}/{'9' * 30}"])
def test_what_there_is_not_is_not_found(author: Author, path: str) -> None:
    assert author.refused("GET", path)[0] == 404


def test_a_template_of_another_channel_is_not_found(author: Author) -> None:
    assert author.refused("GET", f"{_WABA}/{author.made()['id']}")[0] == 404


def test_a_token_that_only_sends_manages_nothing(author: Author) -> None:
    answer = author.http.get(_TELEGRAM, headers={"Authorization": f"Bearer {author.bound_token}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "token_bound")


def test_what_is_going_to_be_sent_is_not_deleted(author: Author) -> None:
    made = author.made()
    body = author.send({"telegram": 0}, {"telegram": {"template": made["id"]}})
    send_id = author.post({**body, "context": {"timing": {"schedule": int(time.time()) + 86_400}}}).json()["id"]
    answer = author.ask("DELETE", f"{_TELEGRAM}/{made['id']}")
    assert (answer.status_code, answer.json()["error"]["message"]) == (409, "a scheduled send uses the template")
    assert author.delete(f"/v1/sends/{send_id}").status_code == 200
    assert author.ask("DELETE", f"{_TELEGRAM}/{made['id']}").status_code == 200


def _listed(name: str, status: str = "APPROVED") -> JsonObject:
    number = str(int.from_bytes(name.encode()[-6:], "big"))
    named = {"id": number, "name": name, "language": "id", "category": "UTILITY"}
    return {**named, "status": status, "parameter_format": "POSITIONAL", "components": _COMPONENTS}


def test_a_template_of_meta_s_is_sent_until_meta_rejects_it(author: Author) -> None:
    listed = _listed("sendable")
    author.has(listed)
    author.synced()
    found = author.waba_template("sendable")
    assert (found["status"], found["key_id"], found["variables"]) == ("approved", author.waba_key, ["1", "2"])
    filled = {"1": "Alex", "2": "A-1"}
    preview = author.done("POST", f"{_WABA}/{found['id']}/preview", {"variables": filled})["rendered"]
    sent, _, to = author.sends("waba", found, **filled)
    (received,) = author.received("waba", to)
    assert sent
    assert received["raw"]["template"] == {**preview, "language": {"code": preview["language"]}}
    listed = {**listed, "status": "REJECTED", "rejected_reason": "SCAM"}
    author.has(listed)
    told = events.template_status(author.waba_id, listed, "15550")
    author.http.post(f"/v1/receipts/waba/{author.waba_key}", content=told.body, headers=told.headers).raise_for_status()
    await_true(lambda: author.waba_template("sendable")["status"] == "rejected")
    assert author.waba_template("sendable")["status_reason"] == "Meta has rejected it: SCAM"
    assert author.sends("waba", found, **filled)[:2] == (False, "template is not approved for sending")
    for method, path in (("PATCH", ""), ("DELETE", ""), ("POST", "/submit")):
        assert author.refused(method, f"{_WABA}/{found['id']}{path}", {} if method == "PATCH" else None)[0] == 409


def test_a_template_is_made_at_meta_and_what_meta_pauses_is_not_switched_on(author: Author) -> None:
    author.has()
    body = {"name": "handed_in", "language": "id", "parameter_format": "positional", "components": _COMPONENTS}
    wanted = {"name": "ours", "body": {**body, "variables": ["name", "order_id"]}, "category": "UTILITY", "submit": True}
    made = author.done("POST", _WABA, wanted, 201)
    one = f"{_WABA}/{made['id']}"
    assert author.refused("POST", _WABA, wanted)[:2] == (409, "template_already_exists")
    await_true(lambda: author.done("GET", one)["provider_id"] is not None)
    (at_meta,) = author.sandbox.get(f"/_sandbox/templates/{author.waba_id}").json()["templates"]
    assert (at_meta["name"], at_meta["status"]) == ("handed_in", "PENDING")
    author.has({**at_meta, "status": "APPROVED"})
    author.synced()
    assert (author.done("GET", one)["status"], author.done("GET", one)["variables"]) == ("approved", ["name", "order_id"])
    author.has({**at_meta, "status": "PAUSED"})
    author.synced()
    assert author.sends("waba", made, name="Alex", order_id="A")[:2] == (False, "template is inactive")
    assert author.refused("POST", f"{one}/activate")[:2] == (409, "template_state")


def test_the_dialects_show_no_drafts(author: Author) -> None:
    body = {"name": "unseen", "language": "id", "components": _COMPONENTS}
    draft = author.done("POST", _WABA, {"name": "unseen", "body": body, "category": "UTILITY"}, 201)
    assert all(each["name"] != "unseen" for each in author.get("/v1/templates?status=all").json()["data"])
    assert author.get("/v1/templates/unseen").status_code == 404
    asked = {"template_id": draft["id"], "phone_number": "6281300000001", "variables": {"1": "a", "2": "b"}}
    assert author.ask("POST", "/api/v1/templates", asked).json() == {"error": "Template not found"}


def test_only_a_number_of_the_account_is_read(author: Author, stranger: Backend) -> None:
    assert author.refused("POST", f"{_WABA}/sync", {"key": ids.encode(ids.KEY, ids.new())})[0] == 404
    headers = {"Authorization": f"Bearer {stranger.token}"}
    assert stranger.http.post(f"{_WABA}/sync", json={"key": author.waba_key}, headers=headers).status_code == 404

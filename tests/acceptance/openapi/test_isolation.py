"""What belongs to one account does not exist for another, on any route; and no route answers without its token."""

import re
from collections.abc import Mapping

import httpx
import pytest

from api.openapi.operation import Auth, Operation
from shared import ids
from tests.acceptance import conformance
from tests.acceptance.openapi.resources import LISTED, NAMED, on_a_channel
from tests.acceptance.openapi.tenants import Tenant

_OPERATIONS = conformance.operations()
_WITH_TOKEN = [operation for operation in _OPERATIONS if operation.auth is Auth.TOKEN]
_WITH_NAME = [operation for operation in _WITH_TOKEN if "<" in on_a_channel(operation.path)]
_NO_TOKENS = ({}, *({"Authorization": value} for value in ("Bearer never_made", "Bearer", "Basic YWxleDpzZWNyZXQ=")))
_REQUEST_ID = re.compile(r"req_[0-9A-HJKMNP-TV-Z]{26}")


def _label(operation: Operation) -> str:
    return operation.name


def _ask(tenant: Tenant, operation: Operation, name: str) -> httpx.Response:
    return _request(tenant.http, operation, name, {"Authorization": f"Bearer {tenant.token}"})


def _request(http: httpx.Client, operation: Operation, name: str, headers: Mapping[str, str]) -> httpx.Response:
    body = operation.body.example if operation.body else None
    return http.request(operation.method, re.sub(r"<[^>]+>", name, on_a_channel(operation.path)), json=body, headers=headers)


def _never_made(name: str) -> str:
    """Give a name of the same form that nothing has ever had."""
    prefix, _, rest = name.partition("_")
    if len(rest) == len(ids.encode("x", ids.new())) - 2:
        return ids.encode(prefix, ids.new())
    return "999999999" if name.isdigit() else f"never_{name}"


def _said(answer: httpx.Response, name: str) -> tuple[int, str]:
    """Give what an answer says, whatever the request was called and whatever it asked for."""
    return answer.status_code, _REQUEST_ID.sub("req", answer.text).replace(name, "NAME")


def test_every_route_that_names_a_resource_is_tried() -> None:
    assert {operation.path for operation in _WITH_NAME} == set(NAMED)


def test_what_needs_no_token_belongs_to_no_account_or_proves_itself() -> None:
    unproven = {operation.path for operation in _OPERATIONS if operation.auth is Auth.NONE}
    assert unproven == {"/healthz", "/readyz", "/openapi.json", "/docs"}
    assert all("<" in operation.path for operation in _OPERATIONS if operation.auth in {Auth.LINK, Auth.PROVIDER})


@pytest.mark.parametrize("operation", _WITH_NAME, ids=_label)
def test_what_is_anothers_does_not_exist(owner: Tenant, other: Tenant, operation: Operation) -> None:
    name = NAMED[operation.path](owner)
    never = _never_made(name)
    assert _said(_ask(other, operation, name), name) == _said(_ask(other, operation, never), never)
    assert _ask(other, operation, name).status_code == 404
    assert _ask(owner, operation, name).status_code != 404


@pytest.mark.parametrize("path", LISTED)
def test_a_list_shows_only_ones_own(owner: Tenant, other: Tenant, path: str) -> None:
    maker, request = LISTED[path]
    mine, theirs = maker(owner), maker(other)
    assert mine in owner.get(request).text
    assert mine not in other.get(request).text
    assert theirs not in owner.get(request).text


def test_every_list_is_tried() -> None:
    paths = {on_a_channel(operation.path) for operation in _WITH_TOKEN if operation.method == "GET"}
    lists = {path for path in paths if "<" not in path}
    assert lists == set(LISTED)


def test_anothers_channel_key_is_as_unknown_as_one_that_was_never_made(owner: Tenant, other: Tenant) -> None:
    body = other.send({"whatsapp": 0})
    answers = []
    for token in (owner.keys["whatsapp"], "never made"):
        body["keys"]["whatsapp"]["token"] = token
        answers.append(other.post(body))
    assert [(each.status_code, each.json()) for each in answers] == [(answers[0].status_code, answers[0].json())] * 2
    assert answers[0].status_code == 403


def test_anothers_template_is_as_unknown_as_one_that_was_never_made(owner: Tenant, other: Tenant) -> None:
    reasons = []
    for template in (owner.templates["whatsapp"], 999_999_999):
        answer = other.post(other.send({"whatsapp": 0}, {"whatsapp": {"template": template}}))
        reasons.append(answer.json()["channels"]["whatsapp"]["reason"])
    assert reasons == ["WhatsApp template not found"] * 2


def test_anothers_subscription_is_as_unknown_as_one_that_was_never_made(owner: Tenant, other: Tenant) -> None:
    said = []
    name = NAMED["/v1/webhook_subscriptions/<identifier>"](owner)
    for asked in (name, _never_made(name)):
        headers = {"Authorization": f"Bearer {other.token}"}
        answer = other.http.post("/v1/webhook_deliveries/bulk_replay", json={"subscription_id": asked}, headers=headers)
        said.append(_said(answer, asked))
    assert said == [said[0]] * 2
    assert said[0][0] == 404


def test_anothers_cursor_is_none(owner: Tenant, other: Tenant) -> None:
    for _ in range(2):
        NAMED["/v1/sends/<identifier>"](owner)
    cursor = owner.get("/v1/sends?limit=1").json()["next_cursor"]
    assert owner.get(f"/v1/sends?limit=1&cursor={cursor}").status_code == 200
    assert other.get(f"/v1/sends?limit=1&cursor={cursor}").json()["error"]["code"] == "invalid_cursor"


@pytest.mark.parametrize("operation", _WITH_TOKEN, ids=_label)
def test_nothing_is_done_without_the_token(anybody: httpx.Client, operation: Operation) -> None:
    for headers in _NO_TOKENS:
        answer = _request(anybody, operation, "anything", headers)
        assert (headers, answer.status_code) == (headers, 401)
        conformance.check(answer)

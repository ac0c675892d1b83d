"""The sandbox keeps the templates of WhatsApp Business accounts as Meta does."""

from typing import Any

import pytest

from deploy.local.sandbox import accounts
from tests.integration.sandbox.conftest import Sandbox

_TOKEN = {"Authorization": f"Bearer {accounts.waba('')['access_token']}"}
_NEW: dict[str, Any] = {
    "name": "new_one",
    "language": "id",
    "category": "UTILITY",
    "components": [{"type": "BODY", "text": "Halo {{1}}"}],
}


def _path(account: str) -> str:
    return f"/graph/v23.0/{account}/message_templates"


def _has(sandbox: Sandbox, account: str, *names: str) -> None:
    listed = [{**_NEW, "id": str(number), "name": name, "status": "APPROVED"} for number, name in enumerate(names)]
    sandbox.http.put(f"/_sandbox/templates/{account}", json={"templates": listed}).raise_for_status()


def test_pages_follow_one_another(sandbox: Sandbox) -> None:
    _has(sandbox, "2001", "a", "b", "c")
    query = {"limit": "2", "fields": "name"}
    first = sandbox.http.get(_path("2001"), params=query, headers=_TOKEN).json()
    after = first["paging"]["cursors"]["after"]
    second = sandbox.http.get(_path("2001"), params={**query, "after": after}, headers=_TOKEN).json()
    assert first["data"] + second["data"] == [{"id": str(number), "name": name} for number, name in enumerate("abc")]
    assert ("next" in first["paging"], "next" in second["paging"]) == (True, False)


def test_a_new_one_waits_for_review_once(sandbox: Sandbox) -> None:
    _has(sandbox, "2002")
    made = sandbox.http.post(_path("2002"), json=_NEW, headers=_TOKEN).json()
    assert (made["status"], made["category"]) == ("PENDING", "UTILITY")
    (listed,) = sandbox.http.get("/_sandbox/templates/2002").json()["templates"]
    assert listed["id"] == made["id"]
    again = sandbox.http.post(_path("2002"), json=_NEW, headers=_TOKEN)
    assert (again.status_code, again.json()["error"]["error_subcode"]) == (400, 2388024)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "New One"},
        {"language": "Indonesian"},
        {"category": "NEWS"},
        {"category": None},
        {"components": []},
        {"components": [{"type": "FOOTER", "text": "bye"}]},
        {"components": [{"type": "BODY"}]},
        {"components": [{"type": "SONG", "text": "la"}]},
        {"components": [{"type": "HEADER", "format": "IMAGE", "link": "https://cdn.example/a.jpg"}, *_NEW["components"]]},
        {"parameter_format": "named"},
    ],
)
def test_what_meta_would_not_take_is_refused(sandbox: Sandbox, changes: dict[str, Any]) -> None:
    _has(sandbox, "2003")
    answer = sandbox.http.post(_path("2003"), json={**_NEW, **changes}, headers=_TOKEN)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 100)
    assert sandbox.http.get("/_sandbox/templates/2003").json()["templates"] == []


@pytest.mark.parametrize("query", [{"fields": "name,colour"}, {"limit": "0"}, {"limit": "all"}, {"after": "x"}])
def test_a_wrong_question_is_refused(sandbox: Sandbox, query: dict[str, str]) -> None:
    _has(sandbox, "2004", "a")
    assert sandbox.http.get(_path("2004"), params=query, headers=_TOKEN).json()["error"]["code"] == 100


def test_a_status_is_set_and_told(sandbox: Sandbox) -> None:
    _has(sandbox, "2005", "a")
    told = {"account": "2005", "name": "a", "language": "id", "status": "PAUSED"}
    assert sandbox.http.post("/_sandbox/template_statuses", json=told).status_code in {200, 202}
    assert sandbox.http.get("/_sandbox/templates/2005").json()["templates"][0]["status"] == "PAUSED"
    assert sandbox.http.post("/_sandbox/template_statuses", json={**told, "name": "b"}).status_code == 404

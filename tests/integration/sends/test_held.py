"""``GET /v1/deliveries?held=true`` and the decisions: who may see and decide what."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine

from shared import ids
from tests.integration.sends import rows
from tests.integration.sends.conftest import Caller

_UNKNOWN = {"state": "unknown", "code": "answer_timeout", "reason": "no answer: it may have been sent"}


def _store(database: Engine, account_id: UUID, **changes: Any) -> UUID:
    """Store a running send whose first delivery may have been sent; give that delivery."""
    stored = rows.Stored(
        plan=rows.plan(("whatsapp", 0, "+62 812-0000-0001"), ("email", 1, "a@b.example")),
        send={"state": "running"},
        deliveries={1: {**_UNKNOWN, **changes}},
    )
    return ids.delivery_of(rows.store(database, account_id, stored), 1)


def _ids(answer: Any) -> list[UUID | None]:
    return [ids.decode(ids.DELIVERY, each["id"]) for each in answer.get_json()["data"]]


def test_held_deliveries_are_listed_page_by_page(database: Engine, caller: Caller, stranger: Caller) -> None:
    made = [_store(database, caller.account_id, held=True) for _ in range(3)]
    _store(database, caller.account_id)
    _store(database, stranger.account_id, held=True)
    first = caller.get("/v1/deliveries", held="true", limit=2)
    assert (first.status_code, first.get_json()["has_more"], _ids(first)) == (200, True, made[:2])
    second = caller.get("/v1/deliveries", held="true", limit=2, cursor=first.get_json()["next_cursor"])
    assert (second.get_json()["has_more"], second.get_json()["next_cursor"], _ids(second)) == (False, None, made[2:])
    item = first.get_json()["data"][0]
    expected = {"object": "delivery", "send": ids.encode(ids.SEND, ids.send_of(made[0])), "held": True, **_UNKNOWN}
    assert {name: item[name] for name in expected} == expected
    assert (item["channel"], item["target"]) == ("whatsapp", "+62 812-0000-0001")


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        ({}, "missing_required_field", "held"),
        ({"held": "false"}, "invalid_field_value", "held"),
        ({"held": ""}, "invalid_field_value", "held"),
        ({"held": "true", "limit": "0"}, "invalid_limit", "limit"),
        ({"held": "true", "cursor": "x"}, "invalid_cursor", "cursor"),
    ],
)
def test_a_wrong_query_names_its_parameter(caller: Caller, query: dict[str, str], code: str, param: str) -> None:
    answer = caller.get("/v1/deliveries", **query)
    error = answer.get_json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, code, param)


def test_a_cursor_of_another_account_is_refused(database: Engine, caller: Caller, stranger: Caller) -> None:
    for _ in range(2):
        _store(database, caller.account_id, held=True)
    cursor = caller.get("/v1/deliveries", held="true", limit=1).get_json()["next_cursor"]
    assert stranger.get("/v1/deliveries", held="true", cursor=cursor).status_code == 400


@pytest.mark.parametrize("decision", ["release", "fail", "confirm"])
def test_nothing_is_decided_by_strangers_or_too_late(database: Engine, caller: Caller, stranger: Caller, decision: str) -> None:
    held, known = (ids.encode(ids.DELIVERY, _store(database, caller.account_id, held=each)) for each in (True, False))
    nowhere = ids.encode(ids.DELIVERY, ids.delivery_of(ids.new_send(), 1))
    answers = [
        stranger.post(f"/v1/deliveries/{held}/{decision}"),
        *(caller.post(f"/v1/deliveries/{each}/{decision}") for each in (nowhere, "dlv_x", f"snd{held[3:]}")),
    ]
    errors = {(answer.status_code, answer.get_json()["error"]["message"]) for answer in answers}
    assert errors == {(404, "there is no such delivery")}
    late = caller.post(f"/v1/deliveries/{known}/{decision}")
    assert (late.status_code, late.get_json()["error"]["code"]) == (409, "decision_too_late")
    assert late.get_json()["error"]["message"] == "the delivery is unknown and not held"
    assert caller.http.post(f"/v1/deliveries/{held}/{decision}").status_code == 401
    assert held in {each["id"] for each in caller.get("/v1/deliveries", held="true").get_json()["data"]}


def test_a_look_up_says_what_is_held_and_what_can_be_done(database: Engine, caller: Caller) -> None:
    made = _store(database, caller.account_id, held=True, ended_at="2026-01-02T00:00:00Z")
    send = caller.get(f"/v1/sends/{ids.encode(ids.SEND, ids.send_of(made))}").get_json()["data"]
    assert [delivery["held"] for tier in send["tiers"] for delivery in tier["deliveries"]] == [True, False]
    (told,) = (entry["text"] for entry in send["timeline"] if entry["kind"] == "held")
    assert told.startswith("whatsapp held for a person to decide: release (try it again)")

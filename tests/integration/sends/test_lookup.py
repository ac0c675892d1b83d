"""``GET /v1/sends/{id}``: everything that happened to a send."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine

from shared import ids
from shared.management import sends
from tests.integration.sends import rows
from tests.integration.sends.conftest import Caller

_START = datetime.now(UTC).replace(microsecond=250_000)


def _at(seconds: float) -> datetime:
    return _START + timedelta(seconds=seconds)


def _text(seconds: float) -> str:
    return _at(seconds).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fallen_back(send_id: UUID) -> rows.Stored:
    first = ids.delivery_of(send_id, 1)
    attempt = {"delivery_id": first, "outcome": "not_sent", "code": "device_disconnected", "provider_status": 422}
    stopped = {**attempt, "provider_code": "STOPPED"}
    return rows.Stored(
        plan=rows.plan(("whatsapp", 0, "+62 812-0000-0001"), ("email", 1, "alex@customer.example")),
        send_id=send_id,
        send={"state": "sent", "tier": 1, "created_at": _START, "ended_at": _at(3)},
        deliveries={
            1: {
                "state": "failed",
                "code": "device_disconnected",
                "reason": "Device disconnected",
                "detail": {"error": "Session status is not as expected"},
                "processing_ms": 1900,
                "queued_at": _START,
                "not_before": _at(1),
                "ended_at": _at(2),
                "attempts": 2,
            },
            2: {
                "state": "sent",
                "provider_message_id": "<1@customer.example>",
                "processing_ms": 800,
                "queued_at": _at(2),
                "ended_at": _at(3),
                "receipt": "delivered",
                "receipt_at": _at(5),
            },
        },
        attempts=[
            {**attempt, "claim_id": ids.new(), "number": 2, "started_at": _at(1.5), "ended_at": _at(1.7)},
            {**stopped, "claim_id": ids.new(), "number": 1, "started_at": _at(0.1), "ended_at": _at(0.3)},
        ],
        events=[{"send_id": send_id, "id": ids.new(), "at": _at(4), "kind": "noted", "data": {"reason": "asked about"}}],
    )


def test_a_send_is_given_with_everything_that_happened(database: Engine, caller: Caller) -> None:
    send_id = ids.new_send()
    rows.store(database, caller.account_id, _fallen_back(send_id))
    answer = caller.get(f"/v1/sends/{ids.encode(ids.SEND, send_id)}")
    assert answer.status_code == 200
    data = answer.get_json()["data"]
    timeline = data.pop("timeline")
    whatsapp, email = (ids.encode(ids.DELIVERY, ids.delivery_of(send_id, number)) for number in (1, 2))
    assert data == {
        "id": ids.encode(ids.SEND, send_id),
        "object": "send",
        "state": "sent",
        "dialect": "kirisan",
        "tier": 1,
        "created_at": _text(0),
        "schedule_at": None,
        "expires_at": None,
        "ended_at": _text(3),
        "until": None,
        "tiers": [
            {
                "tier": 0,
                "state": "failed",
                "deliveries": [
                    {
                        "id": whatsapp,
                        "channel": "whatsapp",
                        "fallback": False,
                        "state": "failed",
                        "held": False,
                        "target": "+62 812-0000-0001",
                        "template": None,
                        "code": "device_disconnected",
                        "reason": "Device disconnected",
                        "detail": {"error": "Session status is not as expected"},
                        "provider_message_id": None,
                        "processing_ms": 1900,
                        "queued_at": _text(0),
                        "not_before": _text(1),
                        "ended_at": _text(2),
                        "receipt": None,
                        "receipt_at": None,
                        "confirm_by": None,
                        "attempts": [
                            {
                                "number": number,
                                "started_at": _text(started),
                                "ended_at": _text(ended),
                                "outcome": "not_sent",
                                "code": "device_disconnected",
                                "provider_status": 422,
                                "provider_code": provider_code,
                                "request": None,
                            }
                            for number, started, ended, provider_code in ((1, 0.1, 0.3, "STOPPED"), (2, 1.5, 1.7, None))
                        ],
                    }
                ],
            },
            {
                "tier": 1,
                "state": "sent",
                "deliveries": [
                    {
                        "id": email,
                        "channel": "email",
                        "fallback": True,
                        "state": "sent",
                        "held": False,
                        "target": "alex@customer.example",
                        "template": None,
                        "code": None,
                        "reason": None,
                        "detail": None,
                        "provider_message_id": "<1@customer.example>",
                        "processing_ms": 800,
                        "queued_at": _text(2),
                        "not_before": None,
                        "ended_at": _text(3),
                        "receipt": "delivered",
                        "receipt_at": _text(5),
                        "confirm_by": None,
                        "attempts": [],
                    }
                ],
            },
        ],
    }
    assert [(entry["at"], entry["kind"], entry.get("delivery")) for entry in timeline] == [
        (_text(0), "accepted", None),
        (_text(0), "tier_opened", None),
        (_text(0.1), "attempt", whatsapp),
        (_text(0.3), "retry_planned", whatsapp),
        (_text(1.5), "attempt", whatsapp),
        (_text(2), "delivery_ended", whatsapp),
        (_text(2), "tier_opened", None),
        (_text(3), "delivery_ended", email),
        (_text(3), "finished", None),
        (_text(4), "noted", None),
        (_text(5), "receipt", email),
    ]
    assert timeline[-2]["text"] == "noted: asked about"


def test_the_answer_names_its_request(database: Engine, caller: Caller) -> None:
    send_id = rows.store(database, caller.account_id, rows.Stored(plan=rows.plan(("email", 0, "a@b.example"))))
    answer = caller.get(f"/v1/sends/{ids.encode(ids.SEND, send_id)}")
    assert answer.get_json()["request_id"] == answer.headers["X-Request-Id"]


def test_a_scheduled_send_waits(database: Engine, caller: Caller) -> None:
    plan = rows.plan(("email", 0, None), schedule=_at(3600), expires_at=_at(7200))
    send_id = rows.store(database, caller.account_id, rows.Stored(plan=plan))
    data = caller.get(f"/v1/sends/{ids.encode(ids.SEND, send_id)}").get_json()["data"]
    assert (data["state"], data["schedule_at"], data["expires_at"]) == ("scheduled", _text(3600), _text(7200))
    (tier,) = data["tiers"]
    assert (tier["state"], tier["deliveries"][0]["state"], tier["deliveries"][0]["target"]) == ("waiting", "waiting", None)


def test_deliveries_stand_in_the_order_of_tiers_then_of_the_request(database: Engine, caller: Caller) -> None:
    plan = rows.plan(
        ("telegram", 1, "1"), ("email", 0, "a@b.example"), ("waba", 1, "6281200000001"), ("whatsapp", 0, "6281200000001")
    )
    send_id = rows.store(database, caller.account_id, rows.Stored(plan=plan))
    data = caller.get(f"/v1/sends/{ids.encode(ids.SEND, send_id)}").get_json()["data"]
    found = [(tier["tier"], [delivery["channel"] for delivery in tier["deliveries"]]) for tier in data["tiers"]]
    assert found == [(0, ["email", "whatsapp"]), (1, ["telegram", "waba"])]


def test_what_is_not_the_callers_looks_like_what_is_not_there(database: Engine, caller: Caller, stranger: Caller) -> None:
    strange = rows.store(database, stranger.account_id, rows.Stored(plan=rows.plan(("email", 0, "a@b.example"))))
    own = rows.store(database, caller.account_id, rows.Stored(plan=rows.plan(("email", 0, "a@b.example"))))
    for identifier in (
        ids.encode(ids.SEND, strange),
        ids.encode(ids.SEND, ids.new_send()),
        ids.encode(ids.SEND, UUID(int=own.int | 1)),
        ids.encode(ids.SEND, UUID(int=2**128 - 1)),
        ids.encode(ids.DELIVERY, own),
        ids.encode(ids.SEND, own).lower(),
        str(own),
        "snd_",
        "%00",
        "\N{GRINNING FACE}",
    ):
        answer = caller.get(f"/v1/sends/{identifier}")
        error = answer.get_json()["error"]
        assert error.pop("request_id").startswith("req_")
        assert (answer.status_code, error) == (
            404,
            {"type": "not_found", "code": "resource_not_found", "message": "there is no such send"},
        )


@pytest.mark.parametrize("path", ["/v1/sends", "/v1/sends/snd_00000000000000000000000000", "/v1/sends/nonsense"])
@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer antar_unknown"}])
def test_nobody_looks_without_a_token(caller: Caller, path: str, header: dict[str, str]) -> None:
    answer = caller.http.get(path, headers=header)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (401, "invalid_api_key")


def test_a_send_is_loaded_without_an_account_for_those_who_have_just_made_it(database: Engine, caller: Caller) -> None:
    send_id = rows.store(database, caller.account_id, rows.Stored(plan=rows.plan(("email", 0, "a@b.example"))))
    with database.connect() as connection:
        view = sends.load(connection, send_id)
        assert view == sends.load(connection, send_id, caller.account_id)
        assert sends.load(connection, send_id, ids.new()) is None
        assert sends.load(connection, ids.new_send()) is None
    assert view is not None
    assert (view.account_id, len(view.deliveries)) == (caller.account_id, 1)


def test_a_send_with_as_many_deliveries_as_can_be_is_loaded_whole(database: Engine, caller: Caller) -> None:
    plan = rows.plan(*(("email", 0, f"a{number}@b.example") for number in range(ids.MAX_DELIVERIES)))
    neighbours = [rows.store(database, caller.account_id, rows.Stored(plan=plan)) for _ in range(3)]
    with database.connect() as connection:
        view = sends.load(connection, neighbours[1])
    assert view is not None
    assert [ids.send_of(delivery.id) for delivery in view.deliveries] == [neighbours[1]] * ids.MAX_DELIVERIES


def test_many_sends_are_loaded_as_each_is_alone(database: Engine, caller: Caller) -> None:
    plans = [rows.plan(*(("email", tier, "a@b.example") for tier in range(size))) for size in (1, 3, 2)]
    made = {rows.store(database, caller.account_id, rows.Stored(plan=plan)): len(plan.deliveries) for plan in plans}
    with database.connect() as connection:
        found = sends.load_many(connection, {**made, ids.new_send(): 1})
        assert found == {send_id: sends.load(connection, send_id) for send_id in made}
        assert sends.load_many(connection, {}) == {}
    assert [len(found[send_id].deliveries) for send_id in made] == [1, 3, 2]

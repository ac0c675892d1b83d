"""``antar why``: the story of one send."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, insert, select

from api.sends import render
from shared import ids
from shared.db import tables
from shared.db.tables import accounts, webhook_deliveries, webhook_subscriptions
from shared.management import sends
from tests.integration.cli.antar import Antar
from tests.integration.sends import rows

_START = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def send_id(database: Engine) -> UUID:
    """A send whose first channel failed after a retry, and whose fallback was sent."""
    identifier = ids.new_send()
    attempt = {"delivery_id": ids.delivery_of(identifier, 1), "outcome": "not_sent", "code": "throttled"}
    failed = {"state": "failed", "code": "throttled", "reason": "Too [many] \x1b[31mrequests", "queued_at": _START}
    sent = {"state": "sent", "queued_at": _START + timedelta(seconds=3), "ended_at": _START + timedelta(seconds=4)}
    stored = rows.Stored(
        plan=rows.plan(("whatsapp", 0, "+62 812-0000-0001"), ("email", 1, "alex@customer.example")),
        send_id=identifier,
        send={"state": "sent", "tier": 1, "created_at": _START, "ended_at": _START + timedelta(seconds=4)},
        deliveries={1: {**failed, "ended_at": _START + timedelta(seconds=3)}, 2: sent},
        attempts=[
            {
                **attempt,
                "claim_id": ids.new(),
                "number": number,
                "started_at": _START + timedelta(seconds=number),
                "ended_at": _START + timedelta(seconds=number, milliseconds=125),
                "provider_status": 429,
                "provider_code": "131056",
                "request": "POST /api/sendText",
                "worker": "worker-send@here",
            }
            for number in (1, 2)
        ],
    )
    return rows.store(database, ids.new(), stored)


def test_people_read_the_whole_story(antar: Antar, send_id: UUID) -> None:
    story = antar.lines("why", ids.encode(ids.SEND, send_id))
    head, _, rest = story.partition("Tier 0: failed\n")
    whatsapp, _, rest = rest.partition("Tier 1: sent\n")
    _, _, timeline = rest.partition("Timeline")
    for said in (ids.encode(ids.SEND, send_id), "2026-01-02T12:00:00.000Z", "req_test"):
        assert said in head
    for said in ("whatsapp failed: throttled (Too [many]  [31mrequests)", "to +62 812-0000-0001 by key_", "queue send"):
        assert said in whatsapp
    for number in (1, 2):
        call = "not sent, throttled, status 429, provider code 131056, 125 ms, POST /api/sendText, by worker-send@here"
        assert f"attempt {number}: {call}\n" in whatsapp
    assert f"{ids.encode(ids.DELIVERY, ids.delivery_of(send_id, 2))}, queue send" in rest
    assert "12:00:01.125Z  whatsapp to be tried again after 0.9 s\n" in timeline
    assert timeline.endswith("2026-01-02T12:00:04.000Z  finished: sent by email\n")
    assert "\x1b" not in story


def test_scripts_get_what_the_api_answers_and_more(antar: Antar, database: Engine, send_id: UUID) -> None:
    with database.connect() as connection:
        history = sends.load_history(connection, send_id)
    assert history
    told, answered = antar.json("why", ids.encode(ids.SEND, send_id)), render.story(history)
    assert {name: told[name] for name in answered if name != "tiers"} == {n: v for n, v in answered.items() if n != "tiers"}
    assert (told["request_id"], told["token"], told["next"], told["webhooks"]) == ("req_test", None, [], [])
    (first,) = told["tiers"][0]["deliveries"]
    assert {attempt["worker"] for attempt in first["attempts"]} == {"worker-send@here"}
    (as_answered,) = answered["tiers"][0]["deliveries"]
    assert all(first[name] == value for name, value in as_answered.items() if name != "attempts")


def test_a_delivery_leads_to_its_send(antar: Antar, send_id: UUID) -> None:
    delivery_id = ids.encode(ids.DELIVERY, ids.delivery_of(send_id, 2))
    assert antar.json("why", delivery_id) == antar.json("why", ids.encode(ids.SEND, send_id))


def test_what_is_to_come_is_told(antar: Antar, database: Engine) -> None:
    stored = rows.Stored(plan=rows.plan(("email", 0, "a@b.example"), ("whatsapp", 1, "62812")))
    story = antar.lines("why", ids.encode(ids.SEND, rows.store(database, ids.new(), stored)))
    _, _, steps = story.partition("\nNext\n")
    assert steps.startswith(
        "at any time  email: the next free worker of queue send takes it\n"
        "at any time  whatsapp: tier 1 opens if the one before it ends without success\n"
    )
    assert "attempt" not in story


@dataclass(frozen=True, kw_only=True)
class Told:
    """A send of which its customer was told, by two webhooks."""

    send_id: UUID
    envelope: str
    passed_on: str
    message_id: str
    request_id: str


@pytest.fixture
def told(database: Engine) -> Told:
    account_id, subscription_id, message_id = ids.new(), ids.new(), f"wamid.{ids.new().hex}"
    request_id, send_id = ids.encode(ids.REQUEST, ids.new()), ids.new_send()
    send = {"dialect": "kanal", "request_id": request_id}
    stored = rows.Stored(
        plan=rows.plan(("waba", 0, "62812")), send_id=send_id, send=send, deliveries={1: {"provider_message_id": message_id}}
    )
    delivery = ids.encode(ids.DELIVERY, ids.delivery_of(send_id, 1))
    written = {ids.new(): f"{delivery}:sent", ids.new(): f"{message_id}:delivered"}
    common = {"account_id": account_id, "subscription_id": subscription_id, "event_type": "message.status", "body": {}}
    with database.begin() as connection:
        connection.execute(insert(accounts).values(id=account_id, name=f"shop {account_id}"))
        values = {"id": subscription_id, "account_id": account_id, "url": "https://a.example", "events": [], "secrets": b""}
        connection.execute(insert(webhook_subscriptions).values(values))
        for identifier, dedupe in written.items():
            own = {"id": identifier, "event_id": "evt", "source": "kirim", "dedupe": dedupe, "attempts": 2, "response_status": 500}
            connection.execute(insert(webhook_deliveries).values(**common, **own))
    rows.store(database, account_id, stored)
    envelope, passed_on = (ids.encode(ids.WEBHOOK, identifier) for identifier in written)
    return Told(send_id=send_id, envelope=envelope, passed_on=passed_on, message_id=message_id, request_id=request_id)


def test_a_send_is_found_by_whatever_it_is_called(antar: Antar, database: Engine, told: Told) -> None:
    with database.connect() as connection:
        number = connection.execute(select(tables.sends.c.number).where(tables.sends.c.id == told.send_id)).scalar_one()
    names = (told.envelope, told.passed_on, told.message_id, told.request_id, str(number), ids.encode(ids.MESSAGE, told.send_id))
    assert {antar.json("why", name)["id"] for name in names} == {ids.encode(ids.SEND, told.send_id)}


def test_what_the_customer_heard_is_told(antar: Antar, told: Told) -> None:
    story = antar.lines("why", told.message_id)
    _, _, heard = story.partition("\nWebhooks to the customer\n")
    for name in (told.envelope, told.passed_on):
        assert f"{name} kirim pending, attempts 2, answered 500\n" in heard


def test_a_name_of_several_sends_is_refused_with_them(antar: Antar, database: Engine) -> None:
    name = f"42:{ids.new().hex}"
    same = {1: {"provider_message_id": name}}
    made = [rows.store(database, ids.new(), rows.Stored(plan=rows.plan(("telegram", 0, "1")), deliveries=same)) for _ in range(2)]
    said = antar.refused("why", name)
    assert all(ids.encode(ids.SEND, send_id) in said for send_id in made)


def test_an_unknown_send_is_refused(antar: Antar) -> None:
    assert antar.refused("why", ids.encode(ids.SEND, ids.new_send())) == "Error: there is no such send\n"


@pytest.mark.parametrize(
    "text", ["nonsense", "snd_", "key_00000000000000000000000000", "req_7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "999999999999999", ""]
)
def test_what_means_no_send_is_refused(antar: Antar, text: str) -> None:
    assert "there is no such send; it may be named by snd_..., msg_...," in antar.refused("why", text)

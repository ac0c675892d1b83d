"""``antar why``: the story of one send."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine

from api.sends import render
from shared import ids
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
            }
            for number in (1, 2)
        ],
    )
    return rows.store(database, ids.new(), stored)


def test_people_read_the_whole_story(antar: Antar, send_id: UUID) -> None:
    story = antar.lines("why", ids.encode(ids.SEND, send_id))
    head, _, rest = story.partition("Deliveries")
    deliveries, _, rest = rest.partition("Attempts")
    attempts, _, timeline = rest.partition("Timeline")
    assert ids.encode(ids.SEND, send_id) in head
    assert "2026-01-02T12:00:00.000Z" in head
    (whatsapp,) = (line for line in deliveries.splitlines() if "whatsapp" in line)
    for said in ("0 failed", "throttled", "Too [many]  [31mrequests", "+62 812-0000-0001"):
        assert said in whatsapp
    assert ids.encode(ids.DELIVERY, ids.delivery_of(send_id, 2)) in deliveries
    calls = [line for line in attempts.splitlines() if "whatsapp" in line]
    assert len(calls) == 2
    assert all(said in call for call in calls for said in ("throttled", "429", "131056", "POST /api/sendText"))
    assert "12:00:01.125Z  whatsapp to be tried again after 0.9 s\n" in timeline
    assert timeline.endswith("2026-01-02T12:00:04.000Z  finished: sent by email\n")
    assert "\x1b" not in story


def test_scripts_get_what_the_api_answers(antar: Antar, database: Engine, send_id: UUID) -> None:
    with database.connect() as connection:
        history = sends.load_history(connection, send_id)
    assert history
    assert antar.json("why", ids.encode(ids.SEND, send_id)) == render.story(history)


def test_a_delivery_leads_to_its_send(antar: Antar, send_id: UUID) -> None:
    delivery_id = ids.encode(ids.DELIVERY, ids.delivery_of(send_id, 2))
    assert antar.json("why", delivery_id) == antar.json("why", ids.encode(ids.SEND, send_id))


def test_a_send_without_attempts_has_no_table_of_them(antar: Antar, database: Engine) -> None:
    stored = rows.Stored(plan=rows.plan(("email", 0, "a@b.example")))
    story = antar.lines("why", ids.encode(ids.SEND, rows.store(database, ids.new(), stored)))
    assert "Deliveries" in story
    assert "Attempts" not in story


def test_an_unknown_send_is_refused(antar: Antar) -> None:
    assert antar.refused("why", ids.encode(ids.SEND, ids.new_send())) == "Error: there is no such send\n"


@pytest.mark.parametrize("text", ["nonsense", "snd_", "key_00000000000000000000000000", ""])
def test_what_is_no_id_is_refused(antar: Antar, text: str) -> None:
    said = antar.refused("why", text)
    assert f"{text!r} is neither a send's id (snd_...) nor a delivery's (dlv_...)" in said

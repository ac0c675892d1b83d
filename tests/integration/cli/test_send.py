"""``antar send``: cancelling and moving what waits for its time."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine

from shared import ids
from tests.integration.cli.antar import Antar
from tests.integration.sends import rows

_AHEAD = timedelta(days=2)


def _waiting(database: Engine, **options: datetime) -> str:
    plan = rows.plan(("whatsapp", 0, "6281200000001"), ("email", 1, "a@b.example"), schedule=datetime.now(UTC) + _AHEAD, **options)
    return ids.encode(ids.SEND, rows.store(database, ids.new(), rows.Stored(plan=plan)))


@pytest.fixture
def waiting(database: Engine) -> str:
    return _waiting(database)


@pytest.fixture
def sent(database: Engine) -> UUID:
    stored = rows.Stored(plan=rows.plan(("email", 0, "a@b.example")), send={"state": "sent"})
    return rows.store(database, ids.new(), stored)


def test_cancel(antar: Antar, waiting: str) -> None:
    story = antar.json("send", "cancel", waiting)
    assert (story["state"], {tier["state"] for tier in story["tiers"]}) == ("cancelled", {"cancelled"})
    assert any(entry["text"].startswith("cancelled: by operator ") for entry in story["timeline"])
    assert antar.json("send", "cancel", waiting) == story == antar.json("why", waiting)


@pytest.mark.parametrize("written", ["iso", "unix"])
def test_move(antar: Antar, waiting: str, written: str) -> None:
    moment = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    at = moment.isoformat() if written == "iso" else str(round(moment.timestamp()))
    story = antar.json("send", "move", waiting, "--at", at)
    assert (story["state"], datetime.fromisoformat(story["schedule_at"])) == ("scheduled", moment)
    assert [entry["kind"] for entry in story["timeline"]] == ["accepted", "scheduled", "moved"]


def test_what_is_too_late_is_refused(antar: Antar, sent: UUID) -> None:
    identifier = ids.encode(ids.SEND, sent)
    said = "Error: the send is sent and can no longer be changed\n"
    assert antar.refused("send", "cancel", identifier) == said
    assert antar.refused("send", "move", identifier, "--at", "2030-01-01") == said


def test_times_that_cannot_be_are_refused(antar: Antar, database: Engine) -> None:
    expiring = _waiting(database, expires_at=datetime.now(UTC) + 2 * _AHEAD)
    assert antar.refused("send", "move", expiring, "--at", "2020-01-01") == "Error: --at: is in the past\n"
    late = str(round((datetime.now(UTC) + 3 * _AHEAD).timestamp()))
    assert antar.refused("send", "move", expiring, "--at", late) == "Error: --at: is not before the send expires\n"
    assert "'soon' is neither ISO 8601 nor unix seconds" in antar.refused("send", "move", expiring, "--at", "soon")


def test_an_unknown_send_is_refused(antar: Antar) -> None:
    assert antar.refused("send", "cancel", ids.encode(ids.SEND, ids.new_send())) == "Error: there is no such send\n"

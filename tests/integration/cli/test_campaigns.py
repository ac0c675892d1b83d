"""``antar campaign``: from the draft to the report, as the API has it."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, update

from shared import ids
from shared.db.tables import campaigns, send_changes
from tests.integration.cli.antar import Antar
from tests.integration.cli.credentials import OF_CHANNEL

_ROWS = "chat,first name\n1,Ana\n2,Budi\n,Nobody\n1,Ana again\n"


@pytest.fixture
def body(antar: Antar, account: str) -> dict[str, Any]:
    credentials = json.dumps(OF_CHANNEL["telegram"])
    token = antar.json("key", "add", account, "telegram", "--name", "Bot", "--credentials", "-", stdin=credentials)["token"]
    return {
        "name": "Payday",
        "keys": {"telegram": {"token": token}},
        "content": {"telegram": {"message": {"type": "text", "message": "Hi {{first}}"}}},
        "columns": {"targets": {"telegram": "chat"}, "variables": {"first": "first name"}},
        "quiet_hours": {"from": "21:00", "until": "08:00"},
    }


@pytest.fixture
def campaign(antar: Antar, account: str, body: dict[str, Any]) -> str:
    identifier: str = antar.json("campaign", "create", account, "-", stdin=json.dumps(body))["id"]
    return identifier


@pytest.fixture
def filled(antar: Antar, campaign: str, tmp_path: Path) -> str:
    file = tmp_path / "people.csv"
    file.write_text(_ROWS)
    antar.run("campaign", "import", campaign, str(file))
    return campaign


def _change(database: Engine, campaign: str, **values: Any) -> None:
    with database.begin() as connection:
        connection.execute(update(campaigns).where(campaigns.c.id == ids.decode(ids.CAMPAIGN, campaign)).values(**values))


def test_campaign_is_made_as_the_api_makes_it(antar: Antar, account: str, body: dict[str, Any]) -> None:
    options = ("--name", "Weekly", "--at", "2040-03-05T02:00:00Z", "--recurrence", "FREQ=WEEKLY;COUNT=3", "--rate", "2")
    made = antar.json("campaign", "create", account, "-", *options, stdin=json.dumps(body))
    assert (made["name"], made["state"], made["rate_per_second"], len(made["upcoming"])) == ("Weekly", "draft", 2.0, 3)
    shown = antar.lines("campaign", "show", made["id"])
    assert "21:00 to 08:00" in shown
    assert "Weekly" in antar.lines("campaign", "list", "--account", account, "--name", "week")


def test_wrong_field_is_named(antar: Antar, account: str, campaign: str, body: dict[str, Any]) -> None:
    wrong = json.dumps({**body, "quiet_hours": {"from": "21:00"}})
    assert "quiet_hours.until is required" in antar.refused("campaign", "create", account, "-", stdin=wrong)
    foreign = json.dumps({**body, "keys": {"telegram": {"token": "tg_unknown"}}})
    assert "does not belong" in antar.refused("campaign", "create", account, "-", stdin=foreign)
    assert "time_zone" in antar.refused("campaign", "change", campaign, "-", stdin='{"time_zone": "Mars/Olympus"}')
    assert "JSON" in antar.refused("campaign", "change", campaign, "-", stdin="[]")


def test_file_is_read_in_this_process(antar: Antar, campaign: str, tmp_path: Path) -> None:
    file = tmp_path / "people"
    file.write_text(_ROWS)
    assert "--format" in antar.refused("campaign", "import", campaign, str(file))
    result = antar.run("campaign", "import", campaign, str(file), "--format", "csv", "--json")
    told = json.loads(result.stdout)
    assert (told["state"], told["rows"], told["refused"], told["duplicates"]) == ("draft", 4, 1, 1)


def test_file_with_other_columns_is_refused(antar: Antar, campaign: str, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("phone\n1\n")
    result = antar.run("campaign", "import", campaign, str(file))
    assert result.exit_code == 2
    assert "chat" in result.stderr
    assert antar.json("campaign", "show", campaign)["state"] == "failed"
    antar.json("campaign", "change", campaign, "-", stdin='{"columns": {"targets": {"telegram": "phone"}}}')
    assert antar.run("campaign", "import", campaign, str(file)).exit_code == 0


def test_recipients_are_tried_and_shown(antar: Antar, filled: str) -> None:
    assert antar.json("campaign", "dry-run", filled)["recipients"] == 2
    assert "recipients  2" in antar.lines("campaign", "dry-run", filled)
    assert "Hi Ana" in antar.lines("campaign", "preview", filled, "1")
    assert "telegram to 1: would be sent" in antar.lines("campaign", "preview", filled, "1")
    assert "telegram to 1: duplicate" in antar.lines("campaign", "preview", filled, "4")
    assert antar.json("campaign", "preview", filled, "3")["state"] == "refused"
    assert "no such row" in antar.refused("campaign", "preview", filled, "9")


def test_campaign_is_started_halted_and_deleted(antar: Antar, filled: str) -> None:
    antar.json("campaign", "change", filled, "-", stdin='{"schedule": "2040-03-05T02:00:00Z"}')
    assert antar.json("campaign", "start", filled)["state"] == "scheduled"
    paused = antar.json("campaign", "pause", filled, "--wait", "1")
    assert (paused["state"], paused["in_flight"]) == ("paused", 0)
    assert antar.json("campaign", "resume", filled)["state"] == "scheduled"
    assert "scheduled" in antar.refused("campaign", "delete", filled)
    assert antar.json("campaign", "cancel", filled)["state"] == "cancelled"
    assert antar.json("campaign", "delete", filled)["deleted"] is True
    assert "no such campaign" in antar.refused("campaign", "show", filled)


def test_reports_are_written(antar: Antar, filled: str, tmp_path: Path) -> None:
    assert [line.split(",")[0] for line in antar.lines("campaign", "report", filled).splitlines()] == ["row", "1", "2", "3", "4"]
    antar.lines("campaign", "refused", filled, "--output", str(tmp_path / "refused.csv"))
    assert "Nobody" in (tmp_path / "refused.csv").read_text()


def test_watching_ends_with_the_campaign(antar: Antar, database: Engine, filled: str) -> None:
    _change(database, filled, state="completed", fed=2)
    rows = {"campaign_id": ids.decode(ids.CAMPAIGN, filled), "state": "sent", "number": 2}
    with database.begin() as connection:
        connection.execute(insert(send_changes).values(rows))
    told = antar.json("campaign", "progress", filled)
    assert (told["state"], told["recipients"], told["sent"], told["in_flight"]) == ("completed", 2, 2, 0)
    watched = antar.run("campaign", "watch", filled, "--json")
    assert json.loads(watched.stdout) == told


def test_only_what_has_ended_is_sent_again(antar: Antar, database: Engine, filled: str) -> None:
    assert "is draft" in antar.refused("campaign", "resend-failures", filled)
    _change(database, filled, state="completed")
    assert "no recipient" in antar.refused("campaign", "resend-failures", filled, "--state", "expired")

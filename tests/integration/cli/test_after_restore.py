"""``antar held after-restore``: what a restored database would send a second time waits for a person."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from deploy.cli import failures
from shared import ids
from shared.db import migrate, partitions
from shared.domain.confirmation import Level, Until
from shared.management import accounts, restoring
from tests.integration import own_database
from tests.integration.cli.antar import Antar, process
from tests.integration.sends import rows

_LOST_AT = datetime.now(UTC) - timedelta(seconds=1)
_BEFORE, _AFTER = _LOST_AT - timedelta(minutes=5), _LOST_AT + timedelta(minutes=5)
_HELD = "unknown held"
_OLD = {"state": "running", "created_at": _BEFORE}
_NO_WORKERS = "/15"
"""A database of the broker that nobody else uses."""


@pytest.fixture(scope="module")
def restored(servers: Mapping[str, str]) -> Iterator[Engine]:
    """A migrated database that no worker of the stack looks at."""
    with own_database.made(make_url(servers["ANTAR_DATABASE_URL"])) as url:
        engine = create_engine(url)
        migrate.upgrade(engine)
        yield engine
        engine.dispose()


@pytest.fixture
def own(restored: Engine) -> Engine:
    with restored.begin() as connection:
        for table in ("deliveries", "sends", "delivery_changes"):
            connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - one of these.
    return restored


@pytest.fixture
def account_id(own: Engine) -> UUID:
    with own.begin() as connection:
        return accounts.create(connection, f"restored {ids.new()}").id


def _store(own: Engine, account_id: UUID, send: Mapping[str, Any], *changes: Mapping[str, Any]) -> UUID:
    """Store a send with a tier for each of some deliveries, changed so."""
    until = Until(level=Level.DELIVERED, within=60) if any("confirm_by" in each for each in changes) else None
    plan = rows.plan(*(("whatsapp", tier, "6281") for tier in range(len(changes))), until=until)
    return rows.store(own, account_id, rows.Stored(plan=plan, send=send, deliveries=dict(enumerate(changes, 1))))


def _states(own: Engine, send_id: UUID) -> list[str]:
    query = text("SELECT state || CASE WHEN held THEN ' held' ELSE '' END FROM deliveries WHERE send_id = :id ORDER BY id")
    with own.connect() as connection:
        return list(connection.execute(query, {"id": send_id}).scalars())


def _one(own: Engine, query: str, **parameters: Any) -> Any:
    with own.connect() as connection:
        return connection.execute(text(query), parameters).scalar_one()


def _partitions(own: Engine) -> set[str]:
    with own.connect() as connection:
        return partitions.attached(connection)


@pytest.mark.parametrize(
    ("send", "changes", "states"),
    [
        pytest.param(_OLD, [{"state": "queued"}, {"state": "waiting"}], [_HELD, "waiting"], id="queued"),
        pytest.param(_OLD, [{"state": "claimed", "lease_until": _BEFORE}], [_HELD], id="in the call"),
        pytest.param(_OLD, [{"state": "queued", "not_before": _BEFORE}], [_HELD], id="put off, and due since"),
        pytest.param(_OLD, [{"state": "queued", "not_before": _AFTER}], ["queued"], id="put off beyond the loss"),
        pytest.param({**_OLD, "tier": 1}, [{"state": "failed"}, {"state": "queued"}], ["failed", _HELD], id="the second tier"),
        pytest.param({**_OLD, "state": "scheduled", "schedule_at": _BEFORE}, [{"state": "waiting"}], [_HELD], id="fell due"),
        pytest.param({**_OLD, "state": "scheduled", "schedule_at": _AFTER}, [{"state": "waiting"}], ["waiting"], id="not yet due"),
        pytest.param(
            {"state": "running", "created_at": _AFTER}, [{"state": "queued"}], ["queued"], id="accepted after the restore"
        ),
        pytest.param({**_OLD, "state": "failed"}, [{"state": "failed"}], ["failed"], id="ended"),
    ],
)
def test_what_was_due_is_held(
    own: Engine, account_id: UUID, send: Mapping[str, Any], changes: list[dict[str, Any]], states: list[str]
) -> None:
    send_id = _store(own, account_id, send, *changes)
    done = restoring.hold(own, _LOST_AT)
    assert _states(own, send_id) == states
    assert (done.deliveries, done.awaited, done.campaigns) == (states.count(_HELD), 0, ())
    counted = _one(own, "SELECT coalesce(sum(number), 0) FROM delivery_changes WHERE state = 'unknown' AND code = 'worker_lost'")
    assert counted == done.deliveries
    expected = "running" if _HELD in states else send["state"]
    assert _one(own, "SELECT state FROM sends WHERE id = :id", id=send_id) == expected


def test_receipts_that_may_be_lost_open_no_tier(own: Engine, account_id: UUID) -> None:
    overdue = _store(own, account_id, _OLD, {"state": "sent", "confirm_by": _BEFORE}, {"state": "waiting"})
    awaited = _store(own, account_id, _OLD, {"state": "sent", "confirm_by": _AFTER}, {"state": "waiting"})
    assert restoring.hold(own, _LOST_AT).awaited == 1
    found = [_one(own, "SELECT count(confirm_by) FROM deliveries WHERE send_id = :id", id=each) for each in (overdue, awaited)]
    assert found == [0, 1]
    assert _states(own, overdue) == ["sent", "waiting"]


def test_many_are_held_in_several_transactions(own: Engine, account_id: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restoring, "_SENDS", 2)
    stored = [_store(own, account_id, _OLD, {"state": "queued"}) for _ in range(5)]
    assert restoring.hold(own, _LOST_AT).deliveries == 5
    assert [_states(own, each) for each in stored] == [[_HELD]] * 5
    assert restoring.hold(own, _LOST_AT).deliveries == 0


def test_the_command_pauses_campaigns_and_leaves_out_numbers(servers: Mapping[str, str], own: Engine, account_id: UUID) -> None:
    broker = servers["ANTAR_BROKER_URL"].rpartition("/")[0] + _NO_WORKERS
    url = own.url.render_as_string(hide_password=False)
    environment = {**servers, "ANTAR_DATABASE_URL": url, "ANTAR_BROKER_URL": broker}
    campaign_id = ids.new()
    with own.begin() as connection:
        made = {"id": campaign_id, "account_id": account_id, "before": _BEFORE}
        states = {"running": None, "scheduled": _BEFORE}
        for state, schedule_at in states.items():
            insert = text(
                "INSERT INTO campaigns (id, account_id, name, state, schedule_at) VALUES (:id, :account_id, 'c', :state, :at)"
            )
            connection.execute(insert, {**made, "id": campaign_id if schedule_at else ids.new(), "state": state, "at": schedule_at})
    number = _one(own, "SELECT nextval('send_numbers')")
    send_id = _store(own, account_id, _OLD, {"state": "queued"})
    done = process(environment, "held", "after-restore", _LOST_AT.isoformat(), "--json")
    told = json.loads(done.stdout)
    assert (told["held"], told["no_longer_awaited"], len(told["paused_campaigns"])) == (1, 0, 2)
    assert ids.encode(ids.CAMPAIGN, campaign_id) in told["paused_campaigns"]
    assert _one(own, "SELECT nextval('send_numbers')") > number + 1_000_000
    assert _states(own, send_id) == [_HELD]
    assert _one(own, "SELECT reason FROM deliveries WHERE send_id = :id", id=send_id) == restoring.REASON


def test_while_workers_run_nothing_is_held(antar: Antar) -> None:
    assert "workers are running" in antar.refused("held", "after-restore", "2000-01-01")


def test_a_migration_does_not_wait_behind_a_backup(own: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "_BRIEFLY", text("SELECT set_config('lock_timeout', '50ms', true)"))
    last = max(each for each in _partitions(own) if re.fullmatch(r"sends_\d{4}w\d{2}", each))
    with own.begin() as connection:
        connection.execute(text(f"DROP TABLE {last}"))
    with own.begin() as backup:
        backup.execute(text("LOCK TABLE deliveries IN ACCESS SHARE MODE"))
        with pytest.raises(OperationalError) as raised:
            migrate.upgrade(own)
    assert failures.explain(raised.value).endswith("for long, as a backup does: try again after it")
    assert last not in _partitions(own)
    migrate.upgrade(own)
    assert last in _partitions(own)


@pytest.mark.parametrize("url", ["redis://:hidden@127.0.0.1:1/0", "amqp://u:hidden@127.0.0.1:1//"])
def test_where_nobody_can_be_asked_nothing_is_held(servers: Mapping[str, str], url: str) -> None:
    environment = {"ANTAR_SIGNAL_URL": "redis://127.0.0.1:1/0", **servers, "ANTAR_BROKER_URL": url}
    done = process(environment, "held", "after-restore", "2000-01-01")
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: the broker is away, so that nobody knows whether workers are running: ")
    assert "hidden" not in line

"""``antar top`` on a real database and a real broker, without them, and in a terminal of its own."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, TextClause, insert, text

from shared import ids
from shared.db.statements import overview as statements
from shared.db.statements import story
from shared.db.tables.statistics import delivery_changes, delivery_counts
from tests.integration.by_ids import scans
from tests.integration.cli import antar as command
from tests.integration.cli.antar import Antar
from tests.integration.cli.credentials import OF_CHANNEL
from tests.integration.cli.test_keys import add_key

_ROOT = Path(__file__).parents[3]
_QUICK = ("--every", "0.2")
_PATIENCE = 180
"""Seconds: a process starts late where many do."""
_LARGE = ("delivery_counts", "deliveries", "sends", "webhook_deliveries")


def _count(database: Engine, account: str, key: str, number: int, *, folded: bool, hours: int = 0, code: str = "") -> None:
    """Write that deliveries have ended some hours ago, as whoever ends them does, or who adds that up."""
    with database.begin() as connection:
        account_id = connection.execute(text("SELECT id FROM accounts WHERE name = :name"), {"name": account}).scalar_one()
        table = delivery_counts if folded else delivery_changes
        values = {"account_id": account_id, "channel": "telegram", "key_id": ids.decode(ids.KEY, key), "number": number}
        hour = text(f"date_trunc('hour', now(), 'UTC') - interval '{hours} hours'")
        connection.execute(insert(table).values(**values, state="failed" if code else "sent", code=code, hour=hour))


def test_an_account_is_watched_alone(antar: Antar, database: Engine, account: str) -> None:
    key = add_key(antar, account, "telegram", OF_CHANNEL["telegram"])["id"]
    antar.json("key", "suspend", key, "--reason", "the phone is lost")
    _count(database, account, key, 5, folded=True, code="expired")
    _count(database, account, key, 2, folded=False, code="expired")
    _count(database, account, key, 100, folded=True, hours=2, code="expired")
    other = antar.json("account", "create", f"other {ids.new()}")["name"]
    _count(database, other, add_key(antar, other, "telegram", OF_CHANNEL["telegram"])["id"], 7, folded=True, code="throttled")
    told = antar.json("top", account, *_QUICK)
    assert told["failures"] == [{"channel": "telegram", "state": "failed", "code": "expired", "number": 7}]
    assert [(row["key"], row["reason"], row["code"]) for row in told["suspended"]] == [(key, "the phone is lost", None)]
    assert told["rates"] == {"seconds": told["rates"]["seconds"], "channels": [], "keys": []}
    assert (told["postgres"]["up"], told["broker"]["up"], told["intake"]["state"]) == (True, True, "accepting")
    assert all(row["tasks"] is not None for row in told["queues"])
    assert {"throttled", "expired"} <= {row["code"] for row in antar.json("top", *_QUICK)["failures"]}


def test_what_is_no_terminal_gets_one_picture(antar: Antar, account: str) -> None:
    lines = antar.lines("top", account, *_QUICK)
    assert lines.startswith(f"antar top  {account}  ")
    assert "SUSPENDED KEY: none" in lines
    assert "\x1b" not in lines


def test_an_unknown_account_is_refused(antar: Antar) -> None:
    assert antar.refused("top", "nobody", *_QUICK) == "Error: there is no account 'nobody'\n"


def test_servers_that_are_away_are_said_to_be_so(servers: Mapping[str, str]) -> None:
    away = {"ANTAR_DATABASE_URL": "postgresql+psycopg://u:hidden@127.0.0.1:1/d", "ANTAR_BROKER_URL": "redis://127.0.0.1:1/0"}
    done = command.process({**servers, **away}, "top", "--json", *_QUICK)
    told = json.loads(done.stdout)
    assert (done.returncode, told["postgres"]["up"], told["broker"]["up"]) == (0, False, False)
    assert told["postgres"]["error"].startswith("cannot use Postgres at 127.0.0.1:1/d")
    assert "hidden" not in done.stdout + done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_terminal_is_given_back_as_it_was(servers: Mapping[str, str], number: signal.Signals) -> None:
    with _terminal(servers) as (process, terminal):
        seen = _read_until(terminal, b"QUEUE")
        process.send_signal(number)
        seen += _read_until(terminal, b"\x1b[?1049l")
        _, errors = process.communicate(timeout=_PATIENCE)
    assert (process.returncode, errors) == (0, b"")
    assert seen.index(b"\x1b[?1049h") < seen.index(b"QUEUE") < seen.index(b"\x1b[?1049l")
    assert seen.count(b"\x1b[?25h") == seen.count(b"\x1b[?25l") == 1


@contextmanager
def _terminal(servers: Mapping[str, str]) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """Run ``antar top`` in a terminal, and give it with the side of whoever sits before that."""
    ours, theirs = pty.openpty()
    arguments = [sys.executable, "-m", "deploy.cli", "top", *_QUICK]
    variables = {**os.environ, **servers, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    with subprocess.Popen(arguments, cwd=_ROOT, env=variables, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE) as process:  # noqa: S603
        os.close(theirs)
        try:
            yield process, ours
        finally:
            process.kill()
            os.close(ours)


def _read_until(terminal: int, sought: bytes) -> bytes:
    seen = b""
    while sought not in seen:
        assert select.select([terminal], [], [], _PATIENCE)[0], seen
        seen += os.read(terminal, 65536)
    return seen


@pytest.mark.parametrize(
    "statement",
    [
        statements.select_ended,
        statements.select_suspended,
        statements.select_campaigns,
        story.select_by_message,
        story.select_webhooks,
    ],
    ids=["ended", "suspended", "campaigns", "by message", "webhooks"],
)
def test_nothing_large_is_read_whole(database: Engine, statement: TextClause) -> None:
    with database.connect() as connection:
        found = scans(connection, statement, UUID(int=0))
    large = [scan for scan in found if scan.get("Relation Name", "").startswith(_LARGE)]
    assert all("Index Cond" in scan or scan["Node Type"] == "Bitmap Heap Scan" for scan in large), large

"""``antar top``: what it tells, and how that looks in terminals of all sizes."""

import io
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from deploy.cli import top_document, top_view
from deploy.cli.top_document import Known, Look
from shared import ids
from shared.domain.pace import Ended, Reading
from shared.domain.states import DeliveryState
from shared.management.backlogs import Backlogs, Due
from shared.management.campaigns.progress import Progress
from shared.management.overview import Campaign, Overview, Suspended

_NOW = datetime(2026, 1, 2, 12, 30, tzinfo=UTC)
_HOUR = datetime(2026, 1, 2, 12, tzinfo=UTC)
_SINCE = _HOUR - timedelta(hours=1)
_KEY = ids.encode(ids.KEY, ids.new())
_TASKS = {"send": 3, "bulk": 4000, "events": 0, "upkeep": 1}


def _ended(number: int, state: DeliveryState = DeliveryState.SENT, code: str | None = None, key: str | None = None) -> Ended:
    return Ended(hour=_HOUR, channel="whatsapp", state=state, number=number, code=code, key=key)


def _reading(second: float, *ended: Ended) -> Reading:
    return Reading(at=_NOW + timedelta(seconds=second), since=_SINCE, ended=ended)


_BEFORE = _reading(-20, _ended(100), _ended(100, key=_KEY))
_AFTER = _reading(
    0,
    _ended(300),
    _ended(300, key=_KEY),
    _ended(2, DeliveryState.UNKNOWN, "answer_timeout"),
    _ended(30, DeliveryState.FAILED, "recipient_unreachable"),
    _ended(0, DeliveryState.FAILED, "throttled"),
    _ended(9, DeliveryState.CANCELLED, "cancelled"),
)


def _suspended(name: str, code: str | None, reason: str | None, minutes: float) -> Suspended:
    since = _NOW - timedelta(minutes=minutes)
    return Suspended(id=ids.new(), account="shop", channel="waba", name=name, code=code, reason=reason, since=since)


def _campaign(name: str) -> Campaign:
    progress = Progress(
        recipients=2000,
        pending=1400,
        deferred=0,
        in_flight=100,
        sent=480,
        failed=15,
        unknown=5,
        cancelled=0,
        expired=0,
        by_code={},
        per_second=12.5,
        seconds_left=120.4,
    )
    return Campaign(id=ids.new(), account="shop", name=name, state="running", progress=progress)


def _known(**changes: Any) -> Known:
    backlogs = Backlogs(
        due={"send": Due(number=12, oldest=4.2), "bulk": Due(number=70_000, oldest=4000.0)},
        held=2,
        quarantined=0,
        webhooks=7,
        webhooks_oldest=61.0,
        inbox=1,
        keys=(),
        campaigns={},
    )
    values: dict[str, Any] = {
        "reading": _AFTER,
        "names": {_KEY: "shop/phone"},
        "suspended": (_suspended("main", "credentials_rejected", "401", 90), _suspended("old", None, "it is \x1b[2Jlost", 0.1)),
        "campaigns": (_campaign("Payday"),),
        "waiting": 70_012,
    }
    return Known(backlogs=backlogs, overview=Overview(**{**values, **changes}))


def _document(known: Known | None, before: Reading | None = _BEFORE, **troubles: str) -> dict[str, Any]:
    tasks = None if "broker" in troubles else _TASKS
    return top_document.document(Look(known=known, tasks=tasks, troubles=troubles), before, 500_000, None)


def _lines(told: Mapping[str, Any], width: int = 80, height: int | None = 24) -> list[str]:
    console = Console(width=width, height=height or 500, file=io.StringIO(), record=True)
    console.print(top_view.picture(told, width, height))
    return [line.rstrip() for line in console.export_text().splitlines()]


def test_queues_are_told_of_by_the_broker_and_by_postgres() -> None:
    assert _document(_known())["queues"][:3] == [
        {"queue": "send", "tasks": 3, "due": 12, "oldest_seconds": 4.2},
        {"queue": "bulk", "tasks": 4000, "due": 70_000, "oldest_seconds": 4000.0},
        {"queue": "events", "tasks": 0, "due": None, "oldest_seconds": None},
    ]


def test_rates_are_those_since_the_look_before() -> None:
    paces = {"sent_per_second": 10.0, "failed_per_second": 0.0, "unknown_per_second": 0.0}
    assert _document(_known())["rates"] == {
        "seconds": 20.0,
        "channels": [{"channel": "whatsapp", "sent_per_second": 10.0, "failed_per_second": 1.5, "unknown_per_second": 0.1}],
        "keys": [{"key": _KEY, "name": "shop/phone", "channel": "whatsapp", **paces}],
    }
    assert _document(_known(), before=None)["rates"] is None


def test_what_was_not_sent_is_told_by_code_the_most_frequent_first() -> None:
    assert _document(_known())["failures"] == [
        {"channel": "whatsapp", "state": "failed", "code": "recipient_unreachable", "number": 30},
        {"channel": "whatsapp", "state": "unknown", "code": "answer_timeout", "number": 2},
    ]


@pytest.mark.parametrize(
    ("waiting", "state"),
    [(0, "accepting"), (450_000, "accepting"), (450_001, "nearly full"), (499_999, "nearly full"), (500_000, "refusing")],
)
def test_the_intake_is_what_the_api_makes_of_what_waits(waiting: int, state: str) -> None:
    assert _document(_known(waiting=waiting))["intake"] == {"state": state, "waiting": waiting, "most": 500_000}


def test_a_small_terminal_shows_something_of_everything() -> None:
    lines = _lines(_document(_known()))
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert lines[0] == "antar top  12:30:00 UTC  postgres up  broker up"
    assert lines[1].startswith("intake accepting (14 % full)  held 2  quarantined 0  webhooks 7 (1 min)  inbox")
    told = "\n".join(lines)
    for said in ("bulk", "4,000", "1 h 6 min", "over 20 s", "10.0", "1.5", "shop/main", "credentials_rejected", "1 h 30 min"):
        assert said in told
    for said in ("NOT SENT since 11:00 UTC", "recipient_unreachable", "shop/Payday", "25 %", "12.5", "2 min", "shop/phone"):
        assert said in told
    assert "\x1b[2J" not in told


def test_what_there_is_no_room_for_is_counted() -> None:
    many = tuple(_suspended(f"key {number}", "device_disconnected", None, number) for number in range(40))
    lines = _lines(_document(_known(suspended=many)))
    (title,) = (line for line in lines if line.startswith("SUSPENDED KEY"))
    shown = sum("shop/key" in line for line in lines)
    assert title.startswith(f"SUSPENDED KEY ({shown} of 40)")
    assert 0 < shown < 40
    assert len(lines) <= 24


def test_a_pipe_gets_everything() -> None:
    many = tuple(_suspended(f"key {number}", "device_disconnected", None, number) for number in range(40))
    assert sum("shop/key" in line for line in _lines(_document(_known(suspended=many)), 120, None)) == 40


def test_a_wide_terminal_has_two_columns() -> None:
    lines = _lines(_document(_known()), 160, 50)
    assert any("QUEUE" in line and "SUSPENDED KEY" in line for line in lines)
    assert max(map(len, lines)) <= 160


def test_without_postgres_the_broker_still_speaks() -> None:
    lines = _lines(_document(None, postgres="cannot use Postgres at 127.0.0.1:1/antar: refused"))
    assert "postgres AWAY: cannot use Postgres at 127.0.0.1:1/antar: refused" in lines[0]
    assert any(line.split() == ["bulk", "4,000", "-", "-"] for line in lines)


def test_without_the_broker_postgres_still_speaks() -> None:
    lines = _lines(_document(_known(), broker="Connection refused"))
    assert lines[0].endswith("broker AWAY: Connection refused")
    assert any(line.split()[:3] == ["bulk", "-", "70,000"] for line in lines)


@given(st.lists(st.integers(0, 50), max_size=8), st.integers(0, 100))
def test_lines_are_shared_out_without_waste(wanted: list[int], room: int) -> None:
    given_lines = top_view.fitted(wanted, room)
    assert sum(given_lines) == min(sum(wanted), room)
    assert all(0 <= got <= asked for got, asked in zip(given_lines, wanted, strict=True))
    least = min((got for got, asked in zip(given_lines, wanted, strict=True) if got < asked), default=None)
    assert least is None or max(given_lines) <= least + 1

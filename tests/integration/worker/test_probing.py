"""Suspended keys are asked in their time, by one worker each, and resumed only from the suspension they were asked in."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select, text, update
from structlog.testing import capture_logs

from shared import ids, settings
from shared.db.statements import keys as statements
from shared.db.tables import channel_keys
from shared.domain.channels import Channel
from shared.domain.outcome import Code
from shared.domain.states import KeyStatus
from shared.management import keys
from tests.integration.worker.conftest import Desk, later
from tests.integration.worker.get_me import WELL, telegram
from worker import channels, probing

_REJECTED = (401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
_DOWN: tuple[int, Any] = (502, {})


def suspended(desk: Desk, base_url: str, bot: str = "7:a", **changes: Any) -> UUID:
    """Make a key that its provider's refusal suspended an hour ago and that is to be asked now."""
    given = {"status_code": "credentials_rejected", "status_reason": "Unauthorized", "probe_at": later(-1), **changes}
    with desk.database.begin() as connection:
        made, _ = keys.create(
            connection, desk.account_id, Channel.TELEGRAM, "key", {"bot_token": bot, "base_url": base_url}, rate_per_second=2.0
        )
        values = {"status": "suspended", "status_at": later(-3600), **given}
        connection.execute(update(channel_keys).where(channel_keys.c.id == made.id).values(values))
    return made.id


def row(desk: Desk, key_id: UUID) -> dict[str, Any]:
    with desk.database.connect() as connection:
        return dict(connection.execute(select(channel_keys).where(channel_keys.c.id == key_id)).mappings().one())


def state(desk: Desk, key_id: UUID) -> tuple[str, str | None, str | None]:
    found = row(desk, key_id)
    return found["status"], found["status_code"], found["status_reason"]


def in_seconds(moment: datetime) -> float:
    return (moment - datetime.now(UTC)).total_seconds()


async def probe(desk: Desk) -> None:
    await probing.probe_due(desk.process.engine, desk.process.wires)


def suspend_and_probe(desk: Desk, answer: tuple[int, Any], **changes: Any) -> tuple[UUID, list[str]]:
    async def scenario() -> tuple[UUID, list[str]]:
        async with telegram(answer) as server:
            key_id = suspended(desk, server.base_url, **changes)
            await probe(desk)
            return key_id, server.calls

    result: tuple[UUID, list[str]] = desk.runtime.run(scenario())
    return result


def test_a_key_that_can_send_is_used_again(desk: Desk) -> None:
    with capture_logs() as lines:
        key_id, calls = suspend_and_probe(desk, WELL)
    assert calls == ["7:a"]
    assert state(desk, key_id) == ("active", None, None)
    assert row(desk, key_id)["probe_at"] is None
    assert in_seconds(row(desk, key_id)["status_at"]) > -60
    shown = {"key": ids.encode(ids.KEY, key_id), "channel": "telegram", "suspended_for": "credentials_rejected", "found": None}
    assert {"event": "key.resumed", "log_level": "info", **shown} in lines


def test_a_key_that_still_cannot_send_is_asked_again_by_the_reason_it_has_now(desk: Desk) -> None:
    with capture_logs() as lines:
        key_id, _ = suspend_and_probe(desk, _REJECTED, status_code="sender_restricted", status_reason="blocked")
    assert state(desk, key_id) == ("suspended", "credentials_rejected", "Unauthorized")
    assert 240 < in_seconds(row(desk, key_id)["probe_at"]) <= 300
    assert in_seconds(row(desk, key_id)["status_at"]) < -3500
    (line,) = [line for line in lines if line["event"] == "key.still_suspended"]
    assert (line["suspended_for"], line["found"]) == ("sender_restricted", "credentials_rejected")


@pytest.mark.parametrize(("code", "seconds"), [("device_disconnected", 30), ("sender_restricted", 3600), (None, 300)])
def test_a_provider_out_of_reach_leaves_the_suspension_as_it_is(desk: Desk, code: str | None, seconds: float) -> None:
    key_id, calls = suspend_and_probe(desk, _DOWN, status_code=code, status_reason="as it was")
    assert len(calls) == 1
    assert state(desk, key_id) == ("suspended", code, "as it was")
    assert seconds * 0.8 < in_seconds(row(desk, key_id)["probe_at"]) <= seconds


@pytest.mark.parametrize(
    "changes",
    [{"probe_at": None, "status_code": None}, {"probe_at": later(86_400)}, {"status": "active"}, {"status": "revoked"}],
    ids=["a person's", "early", "active", "revoked"],
)
def test_a_key_that_is_not_to_be_asked_is_left_alone(desk: Desk, changes: dict[str, Any]) -> None:
    key_id, calls = suspend_and_probe(desk, WELL, **changes)
    assert calls == []
    assert row(desk, key_id)["status"] == changes.get("status", "suspended")


def test_two_at_once_ask_once(desk: Desk) -> None:
    async def scenario() -> tuple[int, int]:
        async with telegram(_REJECTED, closed=True) as server:
            for number in range(3):
                suspended(desk, server.base_url, f"{number}:a")
            probes = [asyncio.create_task(probe(desk)) for _ in range(4)]
            for _ in range(3):
                await server.asked.acquire()
            await probe(desk)
            side_by_side = len(server.calls)
            server.gate.set()
            await asyncio.gather(*probes)
            await probe(desk)
            return side_by_side, len(server.calls)

    assert desk.runtime.run(scenario()) == (3, 3)


def test_a_worker_that_dies_while_it_asks_leaves_the_key_to_another(desk: Desk) -> None:
    async def scenario() -> UUID:
        async with telegram(closed=True) as server:
            key_id = suspended(desk, server.base_url)
            asking = asyncio.create_task(probe(desk))
            await server.asked.acquire()
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            return key_id

    found = row(desk, desk.runtime.run(scenario()))
    assert found["status"] == "suspended"
    assert 0 < in_seconds(found["probe_at"]) <= settings.get().lease_seconds


def _change(desk: Desk, key_id: UUID, how: str) -> None:
    with desk.database.begin() as connection:
        match how:
            case "resumed":
                keys.set_status(connection, key_id, KeyStatus.ACTIVE)
            case "suspended by a person":
                keys.set_status(connection, key_id, KeyStatus.SUSPENDED, "moved house")
            case "revoked":
                keys.set_status(connection, key_id, KeyStatus.REVOKED)
            case "suspended anew":
                keys.set_status(connection, key_id, KeyStatus.ACTIVE)
                new = {"status": "suspended", "status_code": "sender_restricted", "status_at": text("now() + interval '1 us'")}
                connection.execute(update(channel_keys).where(channel_keys.c.id == key_id).values(**new, probe_at=later(60)))


@pytest.mark.parametrize("answer", [WELL, _REJECTED, _DOWN], ids=["well", "rejected", "down"])
@pytest.mark.parametrize("how", ["resumed", "suspended by a person", "revoked", "suspended anew"])
def test_what_happened_meanwhile_counts_for_more(desk: Desk, how: str, answer: tuple[int, Any]) -> None:
    async def scenario() -> tuple[UUID, dict[str, Any]]:
        async with telegram(answer, closed=True) as server:
            key_id = suspended(desk, server.base_url)
            asking = asyncio.create_task(probe(desk))
            await server.asked.acquire()
            _change(desk, key_id, how)
            changed = row(desk, key_id)
            server.gate.set()
            await asking
            return key_id, changed

    with capture_logs() as lines:
        key_id, changed = desk.runtime.run(scenario())
    assert row(desk, key_id) == changed
    assert [line for line in lines if line["event"].startswith("key.")] == []


def test_what_the_old_credentials_led_to_says_nothing_of_new_ones(desk: Desk) -> None:
    async def scenario() -> tuple[UUID, str, list[str]]:
        async with telegram(closed=True) as server:
            key_id = suspended(desk, server.base_url, "7:old")
            asking = asyncio.create_task(probe(desk))
            await server.asked.acquire()
            with desk.database.begin() as connection:
                keys.renew(connection, key_id, {"bot_token": "7:new", "base_url": server.base_url})
            server.gate.set()
            await asking
            between = row(desk, key_id)["status"]
            await probe(desk)
            return key_id, between, server.calls

    key_id, between, calls = desk.runtime.run(scenario())
    assert (between, calls) == ("suspended", ["7:old", "7:new"])
    assert row(desk, key_id)["status"] == "active"


def test_a_provider_that_hangs_holds_up_no_other_key(desk: Desk) -> None:
    async def scenario() -> str:
        async with telegram(closed=True) as hanging, telegram() as well:
            suspended(desk, hanging.base_url)
            key_id = suspended(desk, well.base_url)
            asking = asyncio.create_task(probe(desk))
            await hanging.asked.acquire()
            async with asyncio.timeout(10):
                while row(desk, key_id)["status"] != "active":  # noqa: ASYNC110 - only the database tells.
                    await asyncio.sleep(0.02)
            assert not asking.done()
            hanging.gate.set()
            await asking
            return str(row(desk, key_id)["status"])

    assert desk.runtime.run(scenario()) == "active"


def test_a_fault_of_ours_stays_with_its_key(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = channels.adapter(Channel.TELEGRAM)
    real = adapter.probe

    async def faulty(credentials: Any, wires: Any) -> Any:
        if credentials.bot_token.get_secret_value() == "7:odd":
            raise LookupError("7:odd")
        return await real(credentials, wires)

    async def scenario() -> tuple[UUID, UUID]:
        async with telegram() as server:
            made = suspended(desk, server.base_url, "7:odd"), suspended(desk, server.base_url)
            monkeypatch.setattr(adapter, "probe", faulty)
            await probe(desk)
            return made

    with capture_logs() as lines:
        odd, well = desk.runtime.run(scenario())
    assert (row(desk, odd)["status"], row(desk, well)["status"]) == ("suspended", "active")
    (line,) = [line for line in lines if line["event"] == "key.not_probed"]
    assert (line["key"], line["error"]) == (ids.encode(ids.KEY, odd), "LookupError")
    assert "7:odd" not in repr(lines)


def test_credentials_that_cannot_be_read_are_the_reason(desk: Desk) -> None:
    key_id, calls = suspend_and_probe(desk, WELL, credentials=b"test:garbage", status_code="device_disconnected")
    assert calls == []
    assert state(desk, key_id)[:2] == ("suspended", Code.CREDENTIALS_REJECTED)


def test_looking_for_keys_costs_one_statement_when_there_are_none(desk: Desk) -> None:
    seen: list[str] = []
    with desk.database.begin() as connection:
        connection.execute(update(channel_keys).values(probe_at=None))

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    engine = desk.process.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        desk.runtime.run(probe(desk))
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(seen) == 1


def test_looking_for_keys_goes_by_their_time(desk: Desk) -> None:
    with desk.database.begin() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = connection.execute(text(f"EXPLAIN {statements.take_due.text}"), {"limit": 1, "lease_seconds": 1.0}).scalars()
        assert "ix_channel_keys_probe" in " ".join(plan)

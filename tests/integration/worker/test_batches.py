"""What one task carries: its deliveries go side by side, and the task ends with the last of them."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select, text

from shared import settings
from shared.db.tables import channel_keys
from shared.domain.channels import Channel
from shared.domain.outcome import Sent
from tests.integration.worker.conftest import Desk, result, until
from worker.deliver import admission, batch, one, release
from worker.deliver.one import Context, Ready
from worker.deliver.result import Lineage, Result

_LOCK = text("SELECT FROM channel_keys WHERE id = :id FOR UPDATE")


@pytest.fixture
def short_lease(monkeypatch: pytest.MonkeyPatch) -> Iterator[float]:
    monkeypatch.setenv("ANTAR_LEASE_SECONDS", "1")
    settings.get.cache_clear()
    yield settings.get().lease_seconds
    monkeypatch.undo()
    settings.get.cache_clear()


def test_a_claim_that_cannot_be_given_back_takes_no_other_call_with_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that stops waits for its tasks: an outcome whose task has ended without it would be lost."""
    answered = asyncio.Event()
    given_up: list[Any] = []

    async def slow(ready: Ready, context: Context, wires: Any) -> Result:
        del context, wires
        await answered.wait()
        return result(ready.claim, Sent(provider_message_id="42:1"))

    async def broken(engine: Any, claims: Any, **options: Any) -> Any:
        del engine, options
        given_up.extend(claims)
        raise RuntimeError("broken")

    monkeypatch.setattr(one, "call", slow)
    monkeypatch.setattr(release, "give_back", broken)
    key_id = desk.key(rate_per_second=0.1)
    made = [desk.send((Channel.TELEGRAM, 0, key_id))[0] for _ in range(2)]

    async def scenario() -> None:
        delivering = asyncio.create_task(batch.deliver(desk.process, made, Lineage()))
        await until(lambda: bool(given_up))
        done, _ = await asyncio.wait([delivering], timeout=0.2)
        assert not done
        answered.set()
        with pytest.raises(RuntimeError, match="broken"):
            await delivering

    desk.runtime.run(asyncio.wait_for(scenario(), 30))
    assert sorted(desk.state(each) for each in made) == ["claimed", "sent"]


def test_a_claim_that_was_held_for_too_long_is_not_called(desk: Desk, short_lease: float) -> None:
    """Its lease may end in the call, and then another worker is let go too."""
    key_id = desk.key(quota_limit=5)
    (made,) = desk.send((Channel.TELEGRAM, 0, key_id))

    async def scenario() -> None:
        delivering = asyncio.create_task(batch.deliver(desk.process, [made], Lineage()))
        await until(desk.somebody_waits_for_a_lock)
        await asyncio.sleep(short_lease)
        locked.rollback()
        await delivering

    with desk.database.connect() as locked:
        locked.execute(_LOCK, {"id": key_id})
        desk.runtime.run(asyncio.wait_for(scenario(), 30))
        used = locked.execute(select(channel_keys.c.quota_used).where(channel_keys.c.id == key_id)).scalar_one()
    assert (desk.state(made), desk.calls(made), used) == ("queued", 0, 0)


def test_a_fault_of_ours_at_the_admission_is_none_of_the_call(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has left: it is tried again, and then ends as not sent, never as lost with its worker."""

    async def broken(*_: Any) -> Any:
        raise KeyError("broken")

    monkeypatch.setattr(admission, "admit", broken)
    made = [desk.send((Channel.TELEGRAM, 0, desk.key()))[0] for _ in range(2)]
    desk.runtime.run(batch.deliver(desk.process, made, Lineage()))
    rows = [desk.row(each) for each in made]
    assert [(row["state"], row["code"], row["failures"]) for row in rows] == [("queued", "internal_error", 1)] * 2

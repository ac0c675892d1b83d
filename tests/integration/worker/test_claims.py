"""Claims: taken once, found again when the answer was lost, and given up by a worker that is gone."""

import asyncio
import os
import socket
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import create_async_engine

from shared import settings
from shared.db.tables import deliveries
from shared.domain.channels import Channel
from shared.domain.states import OnUnknown
from tests.integration import own_lines
from tests.integration.worker.conftest import Desk, later, result
from tests.integration.worker.proxy import wire
from worker import recovery
from worker.deliver import batch, claim
from worker.deliver.result import Lineage

_SECONDS = 30


def test_a_claim_whose_commit_was_not_confirmed_is_still_this_workers(desk: Desk) -> None:
    made = desk.send((Channel.TELEGRAM, 0, desk.key()))

    async def run() -> tuple[list[claim.Claim], int]:
        url = desk.database.url
        async with wire(str(url.host), url.port or 5432) as broken:
            through = url.set(host="127.0.0.1", port=broken.own_port)
            engine = create_async_engine(through, connect_args={"sslmode": "disable", "gssencmode": "disable"})
            broken.lose_next_commit = True
            async with own_lines.opened(engine) as lines:
                claimed, _ = await asyncio.wait_for(claim.claim(lines, made), _SECONDS)
            return claimed, broken.lost

    claimed, lost = desk.runtime.run(run())
    assert (lost, [each.id for each in claimed]) == (1, made)
    desk.runtime.run(desk.process.writer.write(result(claimed[0])))
    assert desk.state(made[0]) == "sent"


def test_of_many_claims_of_one_delivery_one_gets_it(desk: Desk) -> None:
    made = desk.send((Channel.TELEGRAM, 0, desk.key()))

    async def run() -> list[tuple[list[claim.Claim], Any]]:
        return await asyncio.gather(*(claim.claim(desk.process.lines, made) for _ in range(8)))

    assert sum(len(claimed) for claimed, _ in desk.runtime.run(run())) == 1


@pytest.mark.parametrize(
    ("channel", "on_unknown", "state"),
    [
        (Channel.TELEGRAM, OnUnknown.NEXT_TIER, "unknown"),
        (Channel.TELEGRAM, OnUnknown.HOLD, "unknown"),
        (Channel.TELEGRAM, OnUnknown.RETRY, "queued"),
        (Channel.EMAIL, OnUnknown.NEXT_TIER, "queued"),
    ],
)
def test_the_keys_policy_decides_what_follows_a_lost_worker(
    desk: Desk, channel: Channel, on_unknown: OnUnknown, state: str
) -> None:
    """However long the lease was: it is not the delivery's patience that it used up."""
    (identifier,) = made = desk.send((channel, 0, desk.key(channel, on_unknown)), queued_at=later(-600))
    desk.claim(made)
    with desk.database.begin() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == identifier).values(lease_until=later(-1)))
    desk.runtime.run(recovery.recover(desk.process))
    row = desk.row(identifier)
    assert (row["state"], row["code"], row["attempts"]) == (state, "worker_lost", 1)
    assert row["held"] is (on_unknown is OnUnknown.HOLD)


def test_a_task_that_comes_too_early_does_not_hold_up_what_came_with_it(desk: Desk) -> None:
    key_id = desk.key()
    (early,) = desk.send((Channel.TELEGRAM, 0, key_id), not_before=later(settings.get().horizon_seconds / 2))
    (due,) = desk.send((Channel.TELEGRAM, 0, key_id), attempts=settings.get().retry_attempts - 1)
    desk.runtime.run(batch.deliver(desk.process, [early, due], Lineage()), settings.get().horizon_seconds / 4)
    assert (desk.state(early), desk.state(due), desk.calls(due)) == ("queued", "failed", 1)


def test_a_server_whose_machine_is_gone_is_given_up(desk: Desk) -> None:
    """By TCP, long before its own defaults would: only its options can be looked at without pulling a cable."""

    async def options() -> tuple[int, int]:
        async with desk.process.engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            with socket.socket(fileno=os.dup(driver.fileno())) as tcp:
                idle = tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
                return idle, tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)

    idle, user_timeout = desk.runtime.run(options())
    assert 0 < idle <= _SECONDS
    assert 0 < user_timeout <= _SECONDS * 1000

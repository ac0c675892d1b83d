"""Whoever changes keys locks them in the order of their ids, so that nobody waits in a circle."""

import asyncio

from sqlalchemy import select, text

from shared.db.statements import quota
from shared.db.tables import channel_keys
from shared.domain.channels import Channel
from tests.acceptance.backend import await_true
from tests.integration.worker.conftest import Desk, later
from worker.deliver import consequences
from worker.deliver.consequences import Consequences


def test_a_refund_and_a_suspension_wait_for_no_one_who_waits_for_them(desk: Desk) -> None:
    """A unit of the second key is given back and the first one suspended, while another takes units of both."""
    first, second = sorted(desk.key(Channel.WABA, quota_limit=9) for _ in range(2))
    own = Consequences(
        refund={"id": str(second), "taken_after": later(-1).isoformat()},
        suspension={
            "id": str(first),
            "code": "auth_failed",
            "reason": "no",
            "probe_after": 60.0,
            "claimed_at": later(0).isoformat(),
        },
    )

    async def write() -> None:
        async with desk.process.engine.begin() as connection:
            await consequences.write(connection, [own])

    columns = channel_keys.c
    taking = f'[{{"id": "{first}", "count": 1}}, {{"id": "{second}", "count": 1}}]'
    with desk.database.begin() as connection:
        connection.execute(text("SELECT FROM channel_keys WHERE id = :id FOR NO KEY UPDATE"), {"id": first})
        writing = asyncio.run_coroutine_threadsafe(write(), desk.runtime._loop)
        await_true(desk.somebody_waits_for_a_lock)
        connection.execute(quota.take, {"rows": taking})
    writing.result(30)
    with desk.database.connect() as connection:
        rows = connection.execute(
            select(columns.status, columns.quota_used).where(columns.id.in_([first, second])).order_by(columns.id)
        )
        assert [tuple(row) for row in rows] == [("suspended", 1), ("active", 0)]

"""A worker that is killed at the end of a delivery's time: the next tier opens once, whatever it had done of it."""

from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine

from deploy.local.stack import Stack
from shared import ids, queues, settings
from shared.db.tables import deliveries
from shared.domain.confirmation import Level, Until
from shared.queues import Queue, Task
from tests.installation.apart import Installation
from tests.installation.crashing import Crash, When
from tests.integration.worker.awaited import overdue, send
from tests.integration.worker.conftest import Desk, later
from tests.integration.worker.reports import change, states
from tests.integration.worker.stories import noted
from worker import recovery

_UNTIL = Until(level=Level.READ, within=600)
_BROKER = 6
"""The broker's database for these workers; other tests use those from 8 on."""


@pytest.fixture(scope="module")
def own(stack: Stack, database: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Workers of the database that this process works on, with queues of their own."""
    home = tmp_path_factory.mktemp("killed")
    servers = stack.environment()
    apart = {
        "ANTAR_DATABASE_URL": database.url.render_as_string(hide_password=False),
        "ANTAR_BROKER_URL": f"{servers['ANTAR_BROKER_URL'].rsplit('/', 1)[0]}/{_BROKER}",
        "ANTAR_JOURNAL_DIR": str(home / "journal"),
    }
    with httpx.Client(base_url=stack.sandbox_url) as sandbox:
        made = Installation(environment={**servers, **apart}, home=home, database=database, account={}, sandbox=sandbox)
        yield made
        with made.broker() as client:
            client.flushdb()


@pytest.mark.parametrize(
    ("crash", "found"),
    [
        pytest.param(Crash(When.AFTER, "worker.confirmation:_advance"), "waiting", id="not committed"),
        pytest.param(Crash(When.AFTER, "worker.confirmation:_commit"), "queued", id="committed, not published"),
    ],
)
def test_a_worker_killed_at_the_end_of_its_time_changes_nothing(
    desk: Desk, own: Installation, monkeypatch: pytest.MonkeyPatch, published: list[UUID], crash: Crash, found: str
) -> None:
    made = send(desk, _UNTIL)
    overdue(desk, made)
    with own.worker(crash=crash) as worker:
        worker.await_logged(" ready.")
        own.publish(Task.CONFIRM, [ids.encode(ids.DELIVERY, made[0])], queue=Queue.SEND)
        assert worker.ended(20) < 0
    assert states(desk, made) == ["running", "sent", found]
    recover_later(desk, made, monkeypatch)
    assert states(desk, made) == ["running", "sent", "queued"]
    assert published.count(made[1]) == 1
    assert [kind for kind, _ in noted(desk, made[0])] == ["unconfirmed"]


def recover_later(desk: Desk, made: list[UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let time pass for what was published and is not taken, and recover twice."""
    long_ago = later(-3 * settings.get().republish_after)
    change(desk, deliveries, made[1], queued_at=long_ago, published_at=long_ago)
    monkeypatch.setattr(queues, "depths", lambda: dict.fromkeys(Queue, 0))
    for _ in range(2):
        desk.runtime.run(recovery.recover(desk.process))

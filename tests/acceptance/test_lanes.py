"""Whoever sends more than its share keeps nobody waiting but itself."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import psutil
import pytest
import sqlalchemy
from sqlalchemy import select

from deploy.local import demo
from deploy.local.stack import Options, Stack
from shared import ids
from shared.db.tables import deliveries
from tests.acceptance import conformance
from tests.acceptance.backend import Backend, await_true
from tests.conftest import Servers

_SHARE = 5
_PROCESSES = ("postgres", "redis", "api", "worker-send", "worker-bulk", "sandbox")


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory, engine_servers: Servers) -> Iterator[Stack]:
    """A stack in which the share of an account is small."""
    options = Options(processes=_PROCESSES, environment={"ANTAR_ACCOUNT_SHARE": str(_SHARE), **engine_servers()}, api_workers=1)
    with Stack(tmp_path_factory.mktemp("antar"), options) as running:
        yield running


@pytest.fixture(scope="module")
def accounts(own_stack: Stack) -> Iterator[tuple[Backend, Backend]]:
    document: dict[str, Any] = demo.ensure(own_stack)
    second = document["second_account"]
    with conformance.client(own_stack.base_url) as http, httpx.Client(base_url=own_stack.sandbox_url) as sandbox:
        first = Backend(http=http, sandbox=sandbox, token=document["token"], keys=document["keys"], templates=document["templates"])
        yield first, Backend(http=http, sandbox=sandbox, token=second["token"], keys=second["keys"], templates={})


@pytest.fixture(scope="module")
def rows(own_stack: Stack) -> Iterator[sqlalchemy.Engine]:
    # A pooler may stand before the server, and know nothing of what was prepared.
    engine = sqlalchemy.create_engine(own_stack.environment()["ANTAR_DATABASE_URL"], connect_args={"prepare_threshold": None})
    yield engine
    engine.dispose()


def _send(account: Backend) -> str:
    answer = account.post(account.send({"waba": 0}), Prefer="respond-async")
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def _flood(account: Backend, rows: sqlalchemy.Engine) -> list[str]:
    """Send until as many as a share wait apart."""
    sent: list[str] = []

    def is_enough() -> bool:
        sent.append(_send(account))
        return _queues(rows, sent)["bulk"] >= _SHARE

    await_true(is_enough)
    return sent


def _row(rows: sqlalchemy.Engine, send_id: str) -> Any:
    identifier = ids.decode(ids.SEND, send_id)
    assert identifier is not None
    asked = select(deliveries.c.queue, deliveries.c.state, deliveries.c.claimed_at)
    with rows.connect() as connection:
        return connection.execute(asked.where(deliveries.c.id == ids.delivery_of(identifier, 1))).one()


def _queues(rows: sqlalchemy.Engine, sent: list[str]) -> Counter[str]:
    return Counter(_row(rows, each).queue for each in sent)


def test_another_s_send_is_served_before_what_is_beyond_the_share(
    own_stack: Stack, accounts: tuple[Backend, Backend], rows: sqlalchemy.Engine
) -> None:
    flooding, quiet = accounts
    own_stack.halt("worker-send", "worker-bulk")
    flood = _flood(flooding, rows)
    theirs = _send(quiet)
    assert _row(rows, theirs).queue == "send"
    own_stack.resume("worker-send")
    await_true(lambda: quiet.look_up(theirs)["state"] == "sent")
    left = [each for each in flood if _row(rows, each).queue == "bulk"]
    assert {_row(rows, each).state for each in left} == {"queued"}
    own_stack.resume("worker-bulk")
    await_true(lambda: {_row(rows, each).state for each in flood} == {"sent"})
    assert all(_row(rows, each).claimed_at > _row(rows, theirs).claimed_at for each in left)
    await_true(lambda: _row(rows, _send(flooding)).queue == "send")


def test_the_worker_of_the_bulk_queue_stands_back(own_stack: Stack) -> None:
    niceness = {}
    for name in ("worker-send", "worker-bulk"):
        pid = own_stack.pid(name)
        assert pid is not None
        niceness[name] = psutil.Process(pid).nice()
    assert niceness["worker-bulk"] == niceness["worker-send"] + 10

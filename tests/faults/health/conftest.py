"""An api, a worker for immediate sends, and their servers; nobody serves the other queues. What counts as stalled does so soon."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import httpx
import pytest
import redis
from celery import Celery
from sqlalchemy import Engine, update

from deploy.local.stack import Options, Stack
from shared import ids, queues
from shared.db.tables import deliveries
from shared.domain.channels import Channel
from shared.management import accounts, keys, tokens
from tests.integration import this_process
from tests.integration.api.caller import Caller, await_true
from tests.integration.cli.antar import process

STALLED_AFTER: Final = 3.0
THREADS: Final = 4
"""Tasks the worker runs at once."""
PATIENCE: Final = 30.0
"""Seconds for what is to happen."""

_ENVIRONMENT = {
    "ANTAR_STALLED_AFTER": str(STALLED_AFTER),
    "ANTAR_LATE_AFTER": "5",
    "ANTAR_DATABASE_TIMEOUT": "2",
    "ANTAR_SEND_WAIT": "0",
    "ANTAR_READ_TIMEOUT": "8",
    "ANTAR_DELIVER_BATCH": "1",
}
_WORKER = "worker-send"


@dataclass(frozen=True, kw_only=True)
class Ward:
    """A stack under observation."""

    stack: Stack
    caller: Caller
    broker: redis.Redis
    database: Engine
    key_id: UUID

    def use_provider(self, base_url: str) -> None:
        """Let sends go to a provider; before, they go to none."""
        credentials = {"phone_number_id": "1", "access_token": "token", "base_url": base_url}
        with self.database.begin() as connection:
            keys.renew(connection, self.key_id, credentials)

    def ready(self, *excluded: str) -> tuple[int, dict[str, Any]]:
        """Ask once: the status, and what each check found."""
        answer = self.caller.http.get("/readyz", params={"exclude": list(excluded)})
        return answer.status_code, answer.json()

    def finding(self, check: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ready()[1][check]
        return found

    def await_finding(self, check: str, status: str) -> dict[str, Any]:
        """Ask until a check has a status, and give what it found."""
        await_true(lambda: self.finding(check)["status"] == status, PATIENCE)
        return self.finding(check)

    def await_ready(self) -> None:
        await_true(lambda: self.ready()[0] == 200, PATIENCE)

    def worker(self) -> int:
        pid = self.stack.pid(_WORKER)
        assert pid is not None
        return pid

    def given_up(self) -> list[str]:
        """Give what workers have said when they ended themselves."""
        return [line for line in self.stack.home.log(_WORKER).read_text().splitlines() if "watchdog." in line]

    def depth(self, queue: str = "send") -> int:
        return int(self.broker.llen(queue))

    def send(self, number: int = 3) -> None:
        for _ in range(number):
            assert self.caller.post().status_code == 202

    def publish(self) -> None:
        """Publish a task that finds nothing to do, without the api, whose publishing may miss a broker that has just come back."""
        delivery = ids.encode(ids.DELIVERY, ids.new())
        broker = self.stack.environment()["ANTAR_BROKER_URL"]
        Celery("publisher", broker=broker).send_task(queues.Task.DELIVER.value, args=([delivery],), queue="send")

    def watch(self, seconds: float, holds: Callable[[], bool]) -> None:
        """Look for a while; fails when something ceases to hold."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert holds()
            time.sleep(0.1)

    def doctor(self, check: str) -> dict[str, Any]:
        """Give what ``antar doctor`` says of a check."""
        findings: list[dict[str, Any]] = json.loads(process(self.stack.environment(), "doctor", "--json").stdout)
        return next(each for each in findings if each["check"] == check)

    def control(self) -> Any:
        """Celery's remote control of the workers."""
        return Celery("control", broker=self.stack.environment()["ANTAR_BROKER_URL"]).control


@pytest.fixture(scope="package")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    options = Options(
        processes=("postgres", "redis", "api", _WORKER), environment=_ENVIRONMENT, api_workers=2, send_threads=THREADS
    )
    with Stack(tmp_path_factory.mktemp("antar"), options) as running:
        yield running


@pytest.fixture(scope="package")
def own_process(own_stack: Stack) -> Iterator[Engine]:
    """antar's functions in this process, on the servers of that stack."""
    with this_process.set_up(own_stack.environment()) as engine, pytest.MonkeyPatch.context() as patch:
        patch.setattr(queues, "app", Celery("this process", broker=own_stack.environment()["ANTAR_BROKER_URL"]))
        yield engine


@pytest.fixture
def ward(own_stack: Stack, own_process: Engine) -> Iterator[Ward]:
    with own_process.begin() as connection:
        account_id = accounts.create(connection, f"health {ids.new()}").id
        _, token = tokens.create(connection, account_id)
        made, key = keys.create(connection, account_id, Channel.WABA, "number", {})
    with (
        httpx.Client(base_url=own_stack.base_url, timeout=60) as http,
        redis.Redis.from_url(own_stack.environment()["ANTAR_BROKER_URL"]) as broker,
    ):
        caller = Caller(http=http, account_id=account_id, token=token, key=key)
        ward = Ward(stack=own_stack, caller=caller, broker=broker, database=own_process, key_id=made.id)
        ward.await_ready()
        yield ward
        broker.delete(*queues.Queue)
    # Nobody recovers here what was accepted while the broker was away.
    with own_process.begin() as connection:
        connection.execute(update(deliveries).where(deliveries.c.state == "queued").values(state="cancelled"))

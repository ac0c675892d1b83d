"""A database of the worker's own, a runtime in this process, and sends whose deliveries wait for it."""

import asyncio
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from celery import Celery
from sqlalchemy import Engine, func, make_url, select, text, update

from api import orders
from deploy.local.stack import Stack
from shared import ids, queues
from shared.db.statements.intake import insert_sends
from shared.db.tables import attempts, channel_keys, deliveries
from shared.domain.channels import Channel
from shared.domain.confirmation import Until
from shared.domain.outcome import Outcome, Sent
from shared.domain.retry import Decision, End
from shared.domain.send import PlannedDelivery, SendPlan
from shared.domain.states import OnUnknown
from shared.management import accounts, keys
from tests.acceptance.backend import await_true
from tests.integration import nowhere, own_database, this_process
from worker.deliver import claim as claims
from worker.deliver.claim import Claim
from worker.deliver.result import Result
from worker.runtime.process import Process, Runtime

_ADDRESSES = {
    Channel.TELEGRAM: "42",
    Channel.EMAIL: "alex@customer.example",
    Channel.WABA: "6281234567890",
    Channel.WHATSAPP: "6281234567890",
}


@pytest.fixture(scope="package")
def database(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A migrated database, and a journal, that no worker of the stack looks at."""
    servers = stack.environment()
    with own_database.made(make_url(servers["ANTAR_DATABASE_URL"])) as url:
        own = {
            "ANTAR_DATABASE_URL": url.render_as_string(hide_password=False),
            "ANTAR_JOURNAL_DIR": str(tmp_path_factory.mktemp("journal")),
        }
        with this_process.set_up({**servers, **own}) as engine:
            yield engine


@pytest.fixture(scope="package")
def runtime(database: Engine) -> Iterator[Runtime]:
    del database
    running = Runtime()
    yield running
    running.close()


@dataclass(frozen=True, kw_only=True)
class Desk:
    """An account whose sends this process delivers."""

    database: Engine
    runtime: Runtime
    account_id: UUID

    @property
    def process(self) -> Process:
        process: Process = self.runtime.process
        return process

    def key(self, channel: Channel = Channel.TELEGRAM, on_unknown: OnUnknown = OnUnknown.NEXT_TIER, **changes: Any) -> UUID:
        """Make a channel key whose provider is nowhere."""
        with self.database.begin() as connection:
            made, _ = keys.create(connection, self.account_id, channel, "key", nowhere.CREDENTIALS[channel], on_unknown=on_unknown)
            if changes:
                connection.execute(update(channel_keys).where(channel_keys.c.id == made.id).values(**changes))
        return made.id

    def send(
        self, *planned: tuple[Channel, int, UUID], waiter: str | None = None, until: Until | None = None, **changes: Any
    ) -> list[UUID]:
        """Commit a send of (channel, tier, key) and give its deliveries; ``changes`` are columns of the first of them."""
        plan = SendPlan(dialect="kirisan", deliveries=tuple(_planned(*each) for each in planned), variables={}, until=until)
        order = orders.Order(plan=plan, account_id=self.account_id, token_id=ids.new(), request_id="req_test", waiter=waiter)
        made = [ids.delivery_of(order.send_id, number) for number, _ in enumerate(planned, start=1)]
        with self.database.begin() as connection:
            connection.execute(insert_sends, orders.parameters([orders.rows(order)]))
            if changes:
                connection.execute(update(deliveries).where(deliveries.c.id == made[0]).values(**changes))
        return made

    def claim(self, delivery_ids: Sequence[UUID]) -> list[Claim]:
        claimed: list[Claim] = self.runtime.run(claims.claim(self.process.lines, delivery_ids))[0]
        return claimed

    def claimed(self, key_id: UUID | None = None, **options: Any) -> Claim:
        """Commit a send by Telegram and claim it."""
        (claimed,) = self.claim(self.send((Channel.TELEGRAM, 0, key_id or self.key()), **options))
        return claimed

    def state(self, delivery_id: UUID) -> str:
        return str(self.row(delivery_id)["state"])

    def row(self, delivery_id: UUID) -> dict[str, Any]:
        with self.database.connect() as connection:
            return dict(connection.execute(select(deliveries).where(deliveries.c.id == delivery_id)).mappings().one())

    def somebody_waits_for_a_lock(self) -> bool:
        waiting = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        with self.database.connect() as connection:
            return bool(connection.execute(text(waiting)).scalar_one())

    def calls(self, delivery_id: UUID) -> int:
        """Count the recorded attempts."""
        with self.database.connect() as connection:
            return connection.execute(select(func.count()).where(attempts.c.delivery_id == delivery_id)).scalar_one()


def _planned(channel: Channel, tier: int, key_id: UUID) -> PlannedDelivery:
    return PlannedDelivery(
        channel=channel,
        tier=tier,
        fallback=tier > 0,
        key_id=key_id,
        target=_ADDRESSES[channel],
        content={"type": "text", "message": "Hello"},
    )


@pytest.fixture
def desk(database: Engine, runtime: Runtime) -> Desk:
    with database.begin() as connection:
        account_id = accounts.create(connection, f"worker {ids.new()}").id
    return Desk(database=database, runtime=runtime, account_id=account_id)


@pytest.fixture
def another(desk: Desk) -> Desk:
    """Another account."""
    with desk.database.begin() as connection:
        account_id = accounts.create(connection, f"other {ids.new()}").id
    return replace(desk, account_id=account_id)


def result(each: Claim, outcome: Outcome | None = None, decision: Decision | None = None) -> Result:
    """Make the result of a call that took 50 ms."""
    return Result(
        claim=each, outcome=outcome or Sent(provider_message_id="42:1"), decision=decision or End(), seconds=0.05, called_after=0.0
    )


async def until(condition: Callable[[], bool]) -> None:
    """Wait until what the database shows is so; the scenario's own limit ends the wait."""
    await asyncio.to_thread(await_true, condition)


def later(seconds: float) -> datetime:
    """Give a moment from now on; negative seconds give a past one."""
    return datetime.now(UTC) + timedelta(seconds=seconds)


@pytest.fixture
def silent_broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A broker that takes connections and never says a word; tasks are published there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        silent = Celery("silent", broker=url)
        silent.conf.update(broker_transport_options={"socket_timeout": 2, "socket_connect_timeout": 2})
        monkeypatch.setattr(queues, "app", silent)
        yield url


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """The deliveries that this process publishes; no broker hears of them."""
    found: list[UUID] = []

    def publish(delivery_ids: Sequence[UUID], *_place: Any, **_options: Any) -> None:
        found.extend(delivery_ids)

    monkeypatch.setattr(queues, "publish_deliveries", publish)
    return found


@pytest.fixture
def deadlines(monkeypatch: pytest.MonkeyPatch) -> list[tuple[UUID, float]]:
    """The deliveries the end of whose time is published, and in how many seconds; no broker hears of them."""
    found: list[tuple[UUID, float]] = []

    def publish(delivery_ids: Sequence[UUID], *, countdown: float = 0.0) -> None:
        found.extend((each, countdown) for each in delivery_ids)

    monkeypatch.setattr(queues, "publish_confirmations", publish)
    return found

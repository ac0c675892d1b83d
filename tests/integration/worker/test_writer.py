"""The writer: an outcome in hand is committed, whatever Postgres or the broker do meanwhile."""

import asyncio
import secrets
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from structlog.testing import capture_logs

from shared import settings
from shared.db.lines import Lines
from shared.domain.channels import Channel
from shared.domain.outcome import Action, Code, NotSent, Sent
from shared.domain.retry import Again
from tests.integration.worker.conftest import Desk, result, until
from tests.integration.worker.proxy import wire
from worker.deliver.advance import Settlement
from worker.deliver.result import Lineage, Result
from worker.runtime.journal import Journal
from worker.runtime.publisher import Publisher
from worker.runtime.writer import Writer
from worker.webhooks.crowding import Crowding

_SECONDS = 30
_REFUSED = NotSent(code=Code.RECIPIENT_BLOCKED, reason="blocked", action=Action.NEXT)
_TROUBLE = NotSent(code=Code.PROVIDER_ERROR, reason="trouble", action=Action.RETRY)

Scenario = Callable[[Writer, AsyncEngine], Coroutine[Any, Any, None]]


def _narrow(**options: Any) -> AsyncEngine:
    """Give an engine of a single connection, for which nobody waits long."""
    url = options.pop("url", settings.get().database_url.get_secret_value())
    return create_async_engine(url, pool_size=1, max_overflow=0, pool_timeout=0.1, hide_parameters=True, **options)


def _writer(lines: Lines, engine: AsyncEngine, publisher: Publisher) -> Writer:
    return Writer(lines, Crowding(engine), publisher, Journal(settings.get().journal_dir), "test")


def _play(desk: Desk, scenario: Scenario, publisher: Publisher | None = None, **options: Any) -> None:
    async def run() -> None:
        engine = _narrow(**options)
        lines = Lines(engine)
        writer = _writer(lines, engine, publisher or desk.process.publisher)
        await asyncio.wait_for(scenario(writer, engine), _SECONDS)
        await writer.close(_SECONDS)
        await lines.close()
        await engine.dispose()

    desk.runtime.run(run())


def test_an_outcome_waits_for_a_connection(desk: Desk) -> None:
    claimed = desk.claimed()

    async def scenario(writer: Writer, engine: AsyncEngine) -> None:
        async with engine.connect():
            writing = asyncio.create_task(writer.write(result(claimed)))
            with pytest.raises(PoolTimeoutError):
                await engine.connect()
            await asyncio.sleep(0.3)
        await writing

    _play(desk, scenario)
    assert desk.state(claimed.id) == "sent"


def test_an_outcome_waits_for_a_database_that_only_reads(desk: Desk) -> None:
    claimed = desk.claimed()

    async def set_read_only(engine: AsyncEngine, value: str) -> None:
        async with engine.connect() as connection:
            await connection.execute(text(f"SET default_transaction_read_only = {value}"))
            await connection.commit()

    async def scenario(writer: Writer, engine: AsyncEngine) -> None:
        await set_read_only(engine, "on")
        writing = asyncio.create_task(writer.write(result(claimed)))
        await asyncio.wait([writing], timeout=0.15)
        while not writing.done():
            try:
                await set_read_only(engine, "off")
                break
            except PoolTimeoutError:
                continue
        await writing

    _play(desk, scenario)
    assert desk.state(claimed.id) == "sent"


def test_a_message_id_beyond_every_index_is_recorded(desk: Desk) -> None:
    claimed = desk.claimed()
    identifier = "\N{SNOWMAN}" + secrets.token_urlsafe(9000)

    async def scenario(writer: Writer, engine: AsyncEngine) -> None:
        del engine
        await writer.write(result(claimed, Sent(provider_message_id=identifier)))

    _play(desk, scenario)
    assert desk.state(claimed.id) == "sent"


def test_a_row_beyond_the_limits_of_postgres_does_not_stop_the_others(desk: Desk) -> None:
    claims = [desk.claimed(), desk.claimed()]
    words = secrets.token_urlsafe(9000)
    poison = NotSent(code=Code.PROVIDER_ERROR, reason=words, action=Action.PERMANENT)

    async def scenario(writer: Writer, engine: AsyncEngine) -> None:
        del engine
        await asyncio.gather(writer.write(result(claims[0], poison)), writer.write(result(claims[1])))

    with desk.database.begin() as connection:
        connection.execute(text("CREATE INDEX poison ON deliveries (reason)"))
    try:
        _play(desk, scenario)
    finally:
        with desk.database.begin() as connection:
            connection.execute(text("DROP INDEX poison"))
    assert [desk.state(each.id) for each in claims] == ["failed", "sent"]


def test_what_postgres_says_of_a_row_is_not_logged(desk: Desk) -> None:
    claimed = desk.claimed()
    refused = NotSent(code=Code.PROVIDER_ERROR, reason="no more letters for Ann", action=Action.PERMANENT)

    async def scenario(writer: Writer, engine: AsyncEngine) -> None:
        del engine
        await writer.write(result(claimed, refused))

    with desk.database.begin() as connection:
        connection.execute(text("ALTER TABLE deliveries ADD CONSTRAINT poison CHECK (reason NOT LIKE '%Ann') NOT VALID"))
    try:
        with capture_logs() as lines:
            _play(desk, scenario)
    finally:
        with desk.database.begin() as connection:
            connection.execute(text("ALTER TABLE deliveries DROP CONSTRAINT poison"))
    (line,) = [line for line in lines if line["event"] == "writer.refused"]
    assert (line["error"], line["sqlstate"]) == ("IntegrityError", "23514")
    assert not line.get("exc_info")
    assert "Ann" not in str(lines)


class _Faulty(Publisher):
    async def follow(self, settlement: Any) -> None:
        raise LookupError(settlement)


def test_the_writer_outlives_a_bug_in_publishing(desk: Desk) -> None:
    claims = [desk.claimed(), desk.claimed()]

    async def scenario(writer: Writer, engine: AsyncEngine) -> None:
        del engine
        for each in claims:
            await writer.write(result(each))

    async def faulty() -> Publisher:
        return _Faulty()

    publisher = desk.runtime.run(faulty())
    _play(desk, scenario, publisher)
    desk.runtime.run(publisher.close())
    assert [desk.state(each.id) for each in claims] == ["sent", "sent"]


@pytest.mark.usefixtures("silent_broker")
def test_a_broker_that_hangs_does_not_keep_outcomes_from_being_committed(desk: Desk) -> None:
    claims = [desk.claimed(), desk.claimed()]

    async def scenario(writer: Writer, engine: AsyncEngine) -> None:
        del engine
        again = asyncio.create_task(writer.write(result(claims[0], _TROUBLE, Again(delay=1, spends_attempt=True))))
        await until(lambda: desk.state(claims[0].id) == "queued")
        await writer.write(result(claims[1]))
        assert not again.done()
        await again

    _play(desk, scenario)
    assert desk.state(claims[1].id) == "sent"


class _Recording(Publisher):
    """Writes down what it was to publish and whom to wake."""

    def __init__(self) -> None:
        super().__init__()
        self.followed: list[Settlement] = []

    async def follow(self, settlement: Settlement) -> None:
        self.followed.append(settlement)


def _play_with_a_lost_answer(desk: Desk, *results: Result) -> Settlement:
    """Commit results whose commit is not confirmed; give what the writer then had published."""

    async def run() -> tuple[Settlement, int]:
        url = desk.database.url
        async with wire(str(url.host), url.port or 5432) as broken:
            through = url.set(host="127.0.0.1", port=broken.own_port).render_as_string(hide_password=False)
            engine = _narrow(url=through, connect_args={"sslmode": "disable", "gssencmode": "disable"})
            publisher = _Recording()
            lines = Lines(engine)
            writer = _writer(lines, engine, publisher)
            broken.lose_next_commit = True
            await asyncio.wait_for(asyncio.gather(*(writer.write(each) for each in results)), _SECONDS)
            await writer.close(_SECONDS)
            await publisher.close()
            await lines.close()
            await engine.dispose()
            (followed,) = publisher.followed
            return followed, broken.lost

    settlement: Settlement
    settlement, lost = desk.runtime.run(run())
    assert lost == 1
    return settlement


def test_outcomes_whose_commit_was_not_confirmed_are_recorded_once(desk: Desk) -> None:
    key_id = desk.key(quota_limit=9, quota_used=5)
    claimed = desk.claimed(key_id)
    _play_with_a_lost_answer(desk, replace(result(claimed, _REFUSED), admitted=True))
    assert (desk.state(claimed.id), desk.calls(claimed.id)) == ("failed", 1)
    with desk.database.connect() as connection:
        assert connection.execute(text("SELECT quota_used FROM channel_keys WHERE id = :id"), {"id": key_id}).scalar() == 5 - 1


def test_who_waits_is_woken_although_the_commit_was_not_confirmed(desk: Desk) -> None:
    claimed = desk.claimed(waiter="api-1")
    follows = _play_with_a_lost_answer(desk, result(claimed))
    assert (dict(follows.wake), follows.publish) == ({"api-1": (claimed.send_id,)}, ())


def test_the_next_tier_is_published_although_the_commit_was_not_confirmed(desk: Desk) -> None:
    key_id = desk.key()
    made = desk.send(*((Channel.TELEGRAM, tier, key_id) for tier in (0, 1, 1, 2)), waiter="api-1")
    (claimed,) = desk.claim(made[:1])
    lineage = Lineage(root_id="root", task_id="task")
    follows = _play_with_a_lost_answer(desk, replace(result(claimed, _REFUSED), lineage=lineage))
    assert not follows.wake
    assert sorted(identifier for each in follows.publish for identifier in each.ids) == made[1:3]
    assert {(each.queue, each.countdown, each.lineage) for each in follows.publish} == {("send", None, lineage)}


def test_a_retry_is_published_for_its_time_although_the_commit_was_not_confirmed(desk: Desk) -> None:
    claimed = desk.claimed(waiter="api-1")
    follows = _play_with_a_lost_answer(desk, result(claimed, _TROUBLE, Again(delay=5.0, spends_attempt=True)))
    assert not follows.wake
    (again,) = follows.publish
    assert (again.ids, again.queue) == ((claimed.id,), "send")
    assert again.countdown == pytest.approx(5.0, abs=2.0)


def test_quotas_are_given_back_in_the_order_of_keys(desk: Desk) -> None:
    """Whoever holds the first key and wants the second must not find the writer with the second, wanting the first."""
    first, second = sorted([desk.key(quota_limit=9, quota_used=5), desk.key(quota_limit=9, quota_used=5)])
    claims = [desk.claimed(second), desk.claimed(first)]
    lock = text("SELECT id FROM channel_keys WHERE id = :id FOR NO KEY UPDATE")

    async def scenario(writer: Writer, engine: AsyncEngine) -> None:
        del engine
        async with desk.process.engine.begin() as other:
            await other.execute(lock, {"id": first})
            writing = asyncio.gather(*(writer.write(replace(result(each, _REFUSED), admitted=True)) for each in claims))
            await until(desk.somebody_waits_for_a_lock)
            await other.execute(text("SET LOCAL lock_timeout = '500ms'"))
            await other.execute(lock, {"id": second})
        await writing

    _play(desk, scenario)
    assert {desk.state(each.id) for each in claims} == {"failed"}


def test_two_tiers_of_one_send_settled_at_once_open_the_next_one_once(desk: Desk) -> None:
    key_id = desk.key()
    made = desk.send(*((Channel.TELEGRAM, tier, key_id) for tier in (0, 0, 1)))
    claims = desk.claim(made)
    assert len(claims) == len(made) - 1

    async def run() -> None:
        writers = [_writer(desk.process.lines, desk.process.engine, desk.process.publisher) for _ in range(2)]
        await asyncio.gather(*(each.write(result(one, _REFUSED)) for each, one in zip(writers, claims, strict=True)))
        for each in writers:
            await each.close(_SECONDS)

    desk.runtime.run(run())
    assert [desk.state(each) for each in made] == ["failed", "failed", "queued"]


@pytest.mark.usefixtures("silent_broker")
def test_a_broker_that_hangs_does_not_keep_a_process_from_its_end(desk: Desk) -> None:
    """Each task is waited for by the one behind it."""
    many = 40

    async def scenario() -> float:
        publisher = Publisher()
        publishing = [asyncio.create_task(publisher.publish([desk.account_id], "send", None, Lineage())) for _ in range(many)]
        await asyncio.sleep(0)
        started = time.monotonic()
        await publisher.close()
        taken = time.monotonic() - started
        await asyncio.gather(*publishing, return_exceptions=True)
        return taken

    assert desk.runtime.run(asyncio.wait_for(scenario(), _SECONDS)) < _SECONDS / 2

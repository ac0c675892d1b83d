"""antar's connections through a PgBouncer that gives every transaction to another server connection."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from deploy.cli import failures
from deploy.local import ports
from deploy.local.environment import DATABASE_URL
from deploy.local.stack import Stack
from shared import settings
from shared.db import engine, hot, sessions
from tests.engines import pgbouncer
from tests.engines.engine import Servers, missing
from tests.integration import own_database, own_lines, this_process

pytestmark = pytest.mark.skipif(bool(missing(pgbouncer)), reason="PgBouncer is not installed")

_ROUNDS = 40
_BACKEND = text("SELECT pg_backend_pid() AS pid, CAST(:number AS integer) AS number, current_setting('timezone') AS zone")


@pytest.fixture(scope="module")
def pooled(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    servers, port = Servers(tmp_path_factory.mktemp("pgbouncer")), ports.choose(())
    server = make_url(stack.environment()[DATABASE_URL])
    assert server.port is not None
    with own_database.made(server) as direct:
        zone = create_engine(direct)
        with zone.begin() as connection:
            connection.execute(text(f"ALTER DATABASE {direct.database} SET timezone = 'Asia/Jakarta'"))
        zone.dispose()
        servers.launch(pgbouncer.process(servers, server.port, port, server.password or ""))
        url = direct.set(port=port).render_as_string(hide_password=False)
        try:
            with this_process.set_up({**stack.environment(), DATABASE_URL: url, "ANTAR_DATABASE_POOLED": "true"}) as own:
                yield own
        finally:
            servers.stop()


def test_every_session_has_the_parameters_that_migrating_has_set(pooled: Engine) -> None:
    def lacking(_: int) -> list[str]:
        with pooled.begin() as connection:
            connection.execute(text("SELECT pg_sleep(0.05)"))
            return sessions.lacking(connection)

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lacking, range(8))) == [[]] * 8


@pytest.mark.usefixtures("pooled")
def test_who_does_not_know_of_the_pooler_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTAR_DATABASE_POOLED", "false")
    settings.get.cache_clear()
    unaware = engine.create_patient()
    try:
        with pytest.raises(OperationalError) as refused, unaware.connect():
            pass
        assert "set ANTAR_DATABASE_POOLED=true" in failures.explain(refused.value)
    finally:
        unaware.dispose()
        monkeypatch.undo()
        settings.get.cache_clear()


def test_statements_run_on_whatever_server_connection(pooled: Engine) -> None:
    def ask(number: int) -> tuple[int, int, str]:
        with pooled.begin() as connection:
            row = connection.execute(_BACKEND, {"number": number}).one()
        return row.pid, row.number, row.zone

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(_ROUNDS)))
    assert [number for _, number, _ in answers] == list(range(_ROUNDS))
    assert len({pid for pid, _, _ in answers}) > 1
    assert Counter(zone for _, _, zone in answers) == {"UTC": _ROUNDS}


def test_the_hot_path_passes_through(pooled: Engine) -> None:
    hot.write(pooled, text("CREATE TABLE passed (number integer)"), {})
    assert sorted(asyncio.run(_pass_through())) == list(range(_ROUNDS))
    with pooled.begin() as connection:
        written = connection.execute(text("SELECT number FROM passed ORDER BY number")).scalars().all()
    assert written == list(range(_ROUNDS))


async def _pass_through() -> list[int]:
    async def one(number: int) -> int:
        async with own.line() as line:
            ((pid, answer, zone),) = await line.execute(_BACKEND, {"number": number})
            assert (pid > 0, zone) == (True, "UTC")
            line.add(text("INSERT INTO passed VALUES (:number)"), {"number": number})
            await line.commit()
        return int(answer)

    async with own_lines.opened() as own:
        return await asyncio.gather(*map(one, range(_ROUNDS)))

"""A stack of the two servers alone, real ones: whatever this machine has on PATH, and those of the wheels."""

import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from deploy.local import errors, leftovers, postgres, postgres_data, valkey
from deploy.local.servers import Server
from deploy.local.stack import Options, Stack
from tests.integration.local import processes

SERVERS = ("postgres", "redis")


@pytest.fixture(autouse=True)
def _nothing_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTAR_DATABASE_URL", raising=False)
    monkeypatch.delenv("ANTAR_BROKER_URL", raising=False)


def servers(home: Path, **environment: str) -> Stack:
    return Stack(home, Options(processes=SERVERS, migrate=False, environment=environment))


def connect(stack: Stack) -> psycopg.Connection:
    return psycopg.connect(stack.environment()["ANTAR_DATABASE_URL"].replace("+psycopg", ""), autocommit=True)


def broker(stack: Stack) -> redis.Redis:
    return redis.Redis.from_url(stack.environment()["ANTAR_BROKER_URL"], decode_responses=True)


def remember(stack: Stack, what: str) -> None:
    with connect(stack) as connection, broker(stack) as client:
        connection.execute("CREATE TABLE IF NOT EXISTS remembered (what text)")
        connection.execute("INSERT INTO remembered VALUES (%s)", [what])
        client.set("remembered", what)


def remembered(stack: Stack) -> tuple[list[str], object]:
    with connect(stack) as connection, broker(stack) as client:
        return [row[0] for row in connection.execute("SELECT what FROM remembered")], client.get("remembered")


@pytest.fixture(params=postgres.candidates(), ids=lambda server: f"postgres-{server.major}")
def _only_server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "candidates", lambda: [request.param])


@pytest.mark.usefixtures("_only_server")
def test_a_second_start_finds_data_and_ports(tmp_path: Path) -> None:
    with servers(tmp_path) as first:
        remember(first, "this")
        ports = first.ports
    with servers(tmp_path) as second:
        assert remembered(second) == (["this"], "this")
        assert second.ports == ports


@pytest.mark.usefixtures("_only_server")
def test_killed_servers_are_back_with_their_data(tmp_path: Path) -> None:
    with servers(tmp_path) as stack:
        remember(stack, "this")
        with broker(stack) as client:
            client.execute_command("WAITAOF", 1, 0, 5000)
        for name in SERVERS:
            stack.kill(name)
        stack.await_ready(*SERVERS)
        assert remembered(stack) == (["this"], "this")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ANTAR_DATABASE_URL", raising=False)
        patch.delenv("ANTAR_BROKER_URL", raising=False)
        with servers(tmp_path_factory.mktemp("home")) as started:
            yield started


def test_a_commit_is_durable(stack: Stack) -> None:
    with connect(stack) as connection:
        settings = [connection.execute(f"SHOW {name}").fetchone() for name in ("fsync", "synchronous_commit", "full_page_writes")]
    assert settings == [("on",)] * 3


def test_the_broker_keeps_what_it_has_and_evicts_nothing(stack: Stack) -> None:
    with broker(stack) as client:
        names = ("appendonly", "appendfsync", "maxmemory-policy", "save")
        assert [client.config_get(name)[name] for name in names] == ["yes", "everysec", "noeviction", ""]


def test_figures_of_statements(stack: Stack) -> None:
    with connect(stack) as connection:
        assert connection.execute("SELECT count(*) > 0 FROM pg_stat_statements").fetchone() == (True,)


def test_the_database_wants_its_password(stack: Stack) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(postgres.conninfo(stack.ports["postgres"], "another", postgres.DATABASE))


def test_a_failed_statement_leaves_no_values_in_the_log(stack: Stack) -> None:
    with connect(stack) as connection:
        connection.execute("CREATE TABLE addresses (address text PRIMARY KEY)")
        connection.execute("INSERT INTO addresses VALUES (%s)", ["somebody@example.org"])
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO addresses VALUES (%s)", ["somebody@example.org"])
    log = stack.home.log("postgres").read_text()
    assert "duplicate key" in log
    assert "somebody" not in log


def test_a_second_stack_in_the_same_home_is_refused(stack: Stack) -> None:
    with pytest.raises(errors.AlreadyRunning, match=r"pid \d+"):
        servers(stack.home.directory).start()
    assert stack.pid("postgres") is not None


def test_halted_and_resumed(stack: Stack) -> None:
    stack.halt("redis")
    stack.kill("redis", signal.SIGKILL)
    assert stack.pid("redis") is None
    with broker(stack) as client, pytest.raises(redis.ConnectionError):
        client.ping()
    stack.resume("redis")
    with broker(stack) as client:
        assert client.ping()


def test_restarted(stack: Stack) -> None:
    before = stack.pid("redis")
    stack.restart("redis")
    assert stack.pid("redis") not in (before, None)


def test_servers_that_are_given_are_not_started(stack: Stack, tmp_path: Path) -> None:
    given = {name: stack.environment()[name] for name in ("ANTAR_DATABASE_URL", "ANTAR_BROKER_URL")}
    with servers(tmp_path, **given) as other:
        assert not other.home.postgres.exists()
        assert not other.home.redis.exists()
        assert list(other.home.pids.iterdir()) == []
        assert given.items() <= other.environment().items()


def test_nothing_runs_after_a_stop(tmp_path: Path) -> None:
    stack = servers(tmp_path)
    with stack:
        pids = [stack.pid(name) for name in SERVERS]
    assert all(pid is not None and processes.is_gone(pid) for pid in pids)
    assert list(stack.home.pids.iterdir()) == []
    assert leftovers.end(stack.home.directory) == 0


def test_a_start_that_fails_leaves_nothing_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valkey, "find", lambda: Server(binary=Path("/bin/false"), product="valkey", major=9))
    monkeypatch.setattr("deploy.local.supervisor._HOPELESS_DEATHS", 1)
    stack = servers(tmp_path)
    with pytest.raises(errors.NotReady, match="redis"):
        stack.start()
    assert leftovers.end(stack.home.directory) == 0
    monkeypatch.undo()
    with servers(tmp_path) as started:
        assert started.pid("redis") is not None


def test_a_lock_file_whose_process_id_is_anothers_by_now(tmp_path: Path) -> None:
    stack = servers(tmp_path)
    with stack:
        remember(stack, "this")
        lock = stack.home.postgres / "postmaster.pid"
        content = lock.read_text().splitlines()
    lock.write_text("\n".join(["1", *content[1:]]))
    with servers(tmp_path) as again:
        assert remembered(again) == (["this"], "this")


def test_data_on_which_a_server_runs_are_not_touched(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_data, "_PARTING_SECONDS", 0)
    with pytest.raises(errors.ServerBroken, match="runs on"):
        postgres_data.clear_stale_lock(stack.home.postgres)
    assert (stack.home.postgres / "postmaster.pid").exists()


def test_an_interrupted_initdb_is_begun_again(tmp_path: Path) -> None:
    draft = tmp_path / "postgres.new"
    (draft / "base").mkdir(parents=True)
    (draft / "PG_VERSION").write_text("15\n")
    with servers(tmp_path) as stack:
        remember(stack, "this")
    assert not draft.exists()

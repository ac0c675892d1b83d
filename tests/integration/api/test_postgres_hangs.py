"""Postgres is there and does not answer: every request is answered all the same, and a refused one was not accepted."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import Engine

from deploy.local.stack import Stack
from shared.db import engine
from tests.integration.api.caller import Caller, await_true

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc to find Postgres' processes")

_KIRIM = {"to": "+6281311100000", "type": "text", "text": {"body": "Hello"}}
_KANAL = {"to": "6281311100000", "type": "text", "text": {"body": "Hello"}}


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


@contextmanager
def hanging_postgres(stack: Stack) -> Iterator[None]:
    postmaster = stack.pid("postgres")
    assert postmaster is not None
    family = _family(postmaster)
    for pid in family:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in family:
            os.kill(pid, signal.SIGCONT)


def test_every_request_is_refused_in_time(own_stack: Stack, caller: Caller) -> None:
    assert caller.post().status_code == 202
    requests = [
        caller.post,
        lambda: caller.post(Idempotency_Key="k"),
        lambda: caller.http.post("/v1/send", headers={"Authorization": "Bearer unknown"}),
        lambda: caller.http.post("/v1/messages", json=_KIRIM, headers=caller.authorization),
        lambda: caller.http.post("/api/v1/messages/send", json=_KANAL, headers=caller.authorization),
        lambda: caller.http.get("/v1/sends", headers=caller.authorization),
        lambda: caller.http.get("/v1/sends/snd_00000000000000000000000000", headers=caller.authorization),
    ] * 4
    started = time.monotonic()
    with hanging_postgres(own_stack), ThreadPoolExecutor(max_workers=len(requests)) as threads:
        answers = [each.result() for each in [threads.submit(request) for request in requests]]
    assert {answer.status_code for answer in answers} == {503}
    assert {answer.headers["Retry-After"] for answer in answers} == {"2"}
    assert time.monotonic() - started < 30
    await_true(lambda: caller.post().status_code == 202, 20)


def test_what_is_accepted_is_not_refused_later(own_stack: Stack, caller: Caller, database: Engine) -> None:
    with ThreadPoolExecutor(max_workers=1) as threads:
        waiting = threads.submit(caller.post, Prefer="wait=5")
        await_true(lambda: caller.sends(database) == 1, 5)
        with hanging_postgres(own_stack):
            answer = waiting.result()
    assert (answer.status_code, answer.json()["queued"]) == (202, True)
    assert answer.headers["Location"] == f"/v1/sends/{answer.json()['id']}"


def test_what_is_refused_is_not_accepted_later(caller: Caller, database: Engine) -> None:
    with database.begin() as blocker, ThreadPoolExecutor(max_workers=8) as threads:
        blocker.execute(sqlalchemy.text("LOCK TABLE sends IN EXCLUSIVE MODE"))
        answers = [each.result() for each in [threads.submit(caller.post) for _ in range(8)]]
    assert {answer.status_code for answer in answers} == {503}
    assert caller.post().status_code == 202
    assert caller.sends(database) == 1


@pytest.mark.usefixtures("own_process")
def test_a_process_that_stops_in_a_transaction_loses_it(caller: Caller) -> None:
    with engine.get().connect() as stopped:
        stopped.execute(sqlalchemy.text("LOCK TABLE sends IN EXCLUSIVE MODE"))
        await_true(lambda: caller.post().status_code == 202, 20)
        stopped.invalidate()


def test_a_migration_may_take_its_time(own_process: Engine) -> None:
    patient = engine.create_patient()
    with patient.connect() as connection:
        assert connection.execute(sqlalchemy.text("SELECT 1 FROM pg_sleep(3)")).scalar_one() == 1
    patient.dispose()
    with own_process.connect() as connection, pytest.raises(sqlalchemy.exc.OperationalError):
        connection.execute(sqlalchemy.text("SELECT 1 FROM pg_sleep(3)"))


def test_a_standby_is_no_database_to_write_to(database: Engine, own_process: Engine, caller: Caller) -> None:
    name = sqlalchemy.engine.make_url(str(database.url)).database
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as operator:
        disconnect = sqlalchemy.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        operator.execute(sqlalchemy.text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
        operator.execute(disconnect)
        answer = caller.post()
        operator.execute(sqlalchemy.text("SET default_transaction_read_only = off"))
        operator.execute(sqlalchemy.text(f'ALTER DATABASE "{name}" RESET default_transaction_read_only'))
        operator.execute(disconnect)
    own_process.dispose()
    assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "2")

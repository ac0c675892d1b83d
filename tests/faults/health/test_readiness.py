"""``/readyz`` while servers are away, hang, or take no writes."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import Engine

from deploy.local.stack import Stack
from tests.faults.health.conftest import PATIENCE, Ward
from tests.integration.api.caller import await_true

_BOUND = 3.5
"""Seconds in which a probe is answered, whatever hangs."""
_INTAKE = ("broker", "consumption", "oldest_queued")
"""What a load balancer leaves out: intake goes on without it."""

needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc to find a server's processes")


@contextmanager
def halted(stack: Stack, name: str) -> Iterator[None]:
    stack.halt(name)
    try:
        yield
    finally:
        stack.resume(name)


@contextmanager
def hanging(stack: Stack, name: str) -> Iterator[None]:
    """Stop a server and its children where they are: connections stay, and answers do not come."""
    pid = stack.pid(name)
    assert pid is not None
    family = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    for each in family:
        os.kill(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in family:
            os.kill(each, signal.SIGCONT)


def test_all_is_well(ward: Ward) -> None:
    status, found = ward.ready()
    assert status == 200
    assert {name: each["status"] for name, each in found.items()} == dict.fromkeys(
        ["postgres", "broker", "consumption", "oldest_queued"], "ok"
    )
    assert 0 < found["postgres"]["ms"] < 2000
    assert set(found["broker"]["depth"]) == {"send", "bulk", "events", "upkeep"}
    assert not any("problem" in each for each in found.values())


def test_checks_can_be_left_out_and_unknown_names_change_nothing(ward: Ward) -> None:
    assert set(ward.ready("broker", "consumption", "weather")[1]) == {"postgres", "oldest_queued"}


def test_postgres_is_down(ward: Ward) -> None:
    with halted(ward.stack, "postgres"):
        found = ward.await_finding("postgres", "failing")
        status, _ = ward.ready(*_INTAKE)
    assert "no send is accepted" in found["problem"]
    assert status == 503
    ward.await_ready()


@needs_proc
def test_postgres_hangs(ward: Ward) -> None:
    with hanging(ward.stack, "postgres"):
        ward.await_finding("postgres", "failing")
        started = time.monotonic()
        status, found = ward.ready()
        seconds = time.monotonic() - started
        assert ward.caller.http.get("/healthz").status_code == 200
    assert (status, found["broker"]["status"]) == (503, "ok")
    assert found["postgres"]["problem"]
    assert seconds < _BOUND
    ward.await_ready()


def test_postgres_takes_no_writes(ward: Ward, own_process: Engine) -> None:
    name = own_process.url.database
    others = sqlalchemy.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    with own_process.connect().execution_options(isolation_level="AUTOCOMMIT") as operator:
        operator.execute(sqlalchemy.text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
        operator.execute(others)
        try:
            found = ward.await_finding("postgres", "failing")
        finally:
            operator.execute(sqlalchemy.text("SET default_transaction_read_only = off"))
            operator.execute(sqlalchemy.text(f'ALTER DATABASE "{name}" RESET default_transaction_read_only'))
            operator.execute(others)
    assert "takes no writes" in found["problem"]
    ward.await_ready()


def test_the_broker_is_down_and_intake_is_ready(ward: Ward) -> None:
    with halted(ward.stack, "redis"):
        found = ward.await_finding("broker", "failing")
        assert ward.finding("consumption")["status"] == "failing"
        assert ward.ready(*_INTAKE)[0] == 200
        assert ward.caller.post().status_code == 202
    assert "cannot be reached" in found["problem"]
    ward.await_ready()


@needs_proc
def test_the_broker_hangs(ward: Ward) -> None:
    with hanging(ward.stack, "redis"):
        ward.await_finding("broker", "failing")
        started = time.monotonic()
        status, found = ward.ready()
        seconds = time.monotonic() - started
    assert (status, found["postgres"]["status"], found["consumption"]["status"]) == (503, "ok", "failing")
    assert seconds < _BOUND
    ward.await_ready()


def test_a_delivery_that_nobody_claims_is_late(ward: Ward) -> None:
    """Also where the broker knows nothing of it."""
    with halted(ward.stack, "worker-send"):
        ward.send(1)
        await_true(lambda: bool(ward.broker.delete("send")), PATIENCE)
        found = ward.await_finding("oldest_queued", "failing")
        assert ward.finding("consumption")["status"] == "ok"
        told = ward.doctor("oldest queued")
    assert found["seconds"] >= 5
    assert "no worker has claimed it" in found["problem"]
    assert (told["ok"], "no worker has claimed it" in told["text"]) == (False, True)

"""Connections that Postgres has closed while nobody used them."""

import sqlalchemy
from sqlalchemy import Engine

from shared.db import engine
from tests.integration.api.caller import await_true

_PID = sqlalchemy.text("SELECT pg_backend_pid()")
_END = sqlalchemy.text("SELECT pg_terminate_backend(:pid)")
_IS_THERE = sqlalchemy.text("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = :pid)")


def _end(database: Engine, pid: int) -> None:
    with database.begin() as operator:
        operator.execute(_END, {"pid": pid})
    with database.begin() as operator:
        await_true(lambda: not operator.execute(_IS_THERE, {"pid": pid}).scalar_one(), 10)


def _pid(own_process: Engine) -> int:
    with own_process.connect() as connection:
        return int(connection.execute(_PID).scalar_one())


def test_one_that_is_there_is_used_again(own_process: Engine) -> None:
    assert _pid(own_process) == _pid(own_process)


def test_one_that_was_closed_is_replaced_before_its_use(own_process: Engine, database: Engine) -> None:
    with own_process.connect() as first, own_process.connect() as second:
        closed = {int(each.execute(_PID).scalar_one()) for each in (first, second)}
    for pid in closed:
        _end(database, pid)
    with own_process.connect() as first, own_process.connect() as second:
        assert not closed & {int(each.execute(_PID).scalar_one()) for each in (first, second)}


def test_a_statement_alone_is_committed_at_once_and_the_next_user_has_his_transaction(
    own_process: Engine, database: Engine
) -> None:
    with engine.autocommit() as connection:
        connection.execute(sqlalchemy.text("CREATE SEQUENCE made_alone"))
        with database.connect() as other:
            assert other.execute(sqlalchemy.text("SELECT last_value FROM made_alone")).scalar_one() == 1
    with own_process.connect() as connection:
        connection.execute(sqlalchemy.text("DROP SEQUENCE made_alone"))
        connection.rollback()
    with engine.autocommit() as connection:
        connection.execute(sqlalchemy.text("DROP SEQUENCE made_alone"))


def test_no_plan_is_compiled_whatever_the_server_prefers(own_process: Engine) -> None:
    with own_process.connect() as connection:
        asked = connection.execute(sqlalchemy.text("SELECT setting, source FROM pg_settings WHERE name = 'jit'")).one()
    assert tuple(asked) == ("off", "client")

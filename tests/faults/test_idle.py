"""A stack with nothing to do leaves Postgres alone."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy

from deploy.local import demo
from deploy.local.stack import Stack
from tests.faults.scenario import Say

_SECONDS: Final = 90
_SETTLING: Final = 15
"""Seconds after the start in which connections are made and everything is looked at for the first time."""
_MOST_PER_SECOND: Final = 2
_STATEMENT: Final = re.compile(r"LOG: {2}(?:statement|execute [^:]*): ")
_UNTOUCHED: Final = sqlalchemy.text("SELECT state, count(*) FROM sends GROUP BY state")


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[Stack]:
    """A stack as an operator has it, which has worked before."""
    with Stack(tmp_path / "stack") as running:
        demo.ensure(running)
        time.sleep(_SETTLING)
        yield running


def _log_everything(stack: Stack) -> None:
    engine = sqlalchemy.create_engine(stack.environment()["ANTAR_DATABASE_URL"], isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("ALTER SYSTEM SET log_statement = 'all'")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    engine.dispose()


def _statements(stack: Stack) -> int:
    return len(_STATEMENT.findall(stack.home.log("postgres").read_text()))


def test_fewer_than_two_statements_a_second(idle: Stack, say: Say) -> None:
    _log_everything(idle)
    before = _statements(idle)
    time.sleep(_SECONDS)
    per_second = (_statements(idle) - before) / _SECONDS
    say(f"an idle stack executes {per_second:.2f} statements a second")
    assert 0 < per_second < _MOST_PER_SECOND

"""A line to Postgres for the hot path: the driver itself, where a round trip carries several statements.

It takes its connection from SQLAlchemy's pool and raises SQLAlchemy's errors. What it leaves out is SQLAlchemy's work for each
statement and row, which costs a worker more than the statement.
"""

import logging
import re
from collections import namedtuple
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from types import MappingProxyType
from typing import Any, Final, Protocol, Self

import psycopg
from psycopg.pq import ExecStatus
from psycopg.rows import tuple_row
from sqlalchemy import Engine, Executable, Select, TextClause, text
from sqlalchemy.dialects.postgresql import psycopg as dialects
from sqlalchemy.exc import DBAPIError

from shared.db import partitions
from shared.db.statements import WITHIN
from shared.db.tables.sends import PARTITIONED

Parameters = Mapping[str, Any]
Question = tuple[TextClause, Parameters]

_DIALECT: Final = dialects.dialect()  # type: ignore[no-untyped-call]
logging.getLogger("psycopg").setLevel(logging.ERROR)  # It warns of each statement that follows one which failed, and is raised.
_COMMIT: Final = (text("COMMIT"), dict[str, Any]())
_TABLES: Final = re.compile(rf"\b(UPDATE|FROM|JOIN) ({'|'.join(table.name for table in PARTITIONED)})(?![.\w])")
"""The partitioned tables, where a statement names them."""
_makers: Final[dict[bytes, Callable[[Iterable[Any]], Any]]] = {}
"""What makes a row of the answer to a statement."""


class Executes(Protocol):
    """What carries statements one by one: SQLAlchemy's connection, or a line."""

    def execute(self, statement: Executable, parameters: Any = None, /) -> Awaitable[Any]:
        """Execute a statement and give its rows."""
        ...


class Rows(list[Any]):
    """The rows of one answer, as named tuples; they are taken as those of SQLAlchemy are."""

    def all(self) -> Self:
        """Give them all."""
        return self

    def scalars(self) -> "Rows":
        """Give the first column."""
        return Rows(row[0] for row in self)


class Line:
    """A transaction. It begins with the first statement, and ends with the line unless it is committed."""

    def __init__(self, driver: psycopg.AsyncConnection[Any], weeks: Mapping[int, str] = MappingProxyType({})) -> None:
        """``weeks`` are those with partitions of their own, as :func:`shared.db.partitions.whole` gives them."""
        self._driver = driver
        self._weeks = weeks
        self._waiting: list[Question] = []

    async def ask(self, *questions: Question) -> list[Rows]:
        """Execute statements in their order, in one round trip with those that wait. Raises what SQLAlchemy would raise."""
        sent, self._waiting = [*self._waiting, *questions], []
        with self._translated_errors():
            return (await self._send(sent))[len(sent) - len(questions) :]

    async def execute(self, statement: Executable, parameters: Any = None, /) -> Rows:
        """Execute a statement of named text."""
        assert isinstance(statement, TextClause)  # noqa: S101 - whoever has something else is not on the hot path.
        (rows,) = await self.ask((statement, parameters or {}))
        return rows

    def add(self, statement: TextClause, parameters: Parameters) -> None:
        """Execute a statement, whose rows nobody wants, with the next ones or with the commit."""
        self._waiting.append((statement, parameters))

    async def commit(self) -> None:
        """Execute what waits, and commit. Raises as :meth:`ask`."""
        if self._waiting:
            await self.ask(_COMMIT)
            return
        with self._translated_errors():
            await self._driver.commit()

    async def ask_and_commit(self, *questions: Question) -> list[Rows]:
        """Ask, and commit in the same round trip; otherwise as :meth:`ask`."""
        return (await self.ask(*questions, _COMMIT))[:-1]

    async def _send(self, questions: list[Question]) -> list[Rows]:
        cursors = [self._driver.cursor(row_factory=tuple_row) for _ in questions]
        statements = [_sql(statement, self._week(parameters)) for statement, parameters in questions]
        async with self._driver.pipeline():
            for cursor, statement, (_, parameters) in zip(cursors, statements, questions, strict=True):
                await cursor.execute(statement, parameters)
        return [await _rows(cursor, statement) for cursor, statement in zip(cursors, statements, strict=True)]

    def _week(self, parameters: Parameters) -> str | None:
        """Give the week that the bounds of a statement lie in, if it has partitions of its own."""
        first, last = parameters.get("first_send") or parameters.get("first"), parameters.get("last")
        if first is None or last is None or (number := partitions.number(first)) != partitions.number(last):
            return None
        return self._weeks.get(number)

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise _translated(error, lost=self._driver.closed) from error


def write(engine: Engine, statement: TextClause, parameters: Parameters) -> None:
    """Execute a statement of named text in a transaction of its own: one round trip to do it, and one to commit.

    What was not waited for to its end is not committed later either, as a statement would be that commits itself. Raises what
    SQLAlchemy would raise.
    """
    with _driver(engine) as driver:
        with driver.pipeline():
            driver.execute(_sql(statement), parameters)
        driver.commit()


def read(engine: Engine, statement: TextClause | Select[Any], parameters: Parameters) -> Rows:
    """Execute a statement that changes nothing, by itself: in one round trip. Raises what SQLAlchemy would raise.

    Its rows are plain tuples: to name their columns takes longer than to read a row.
    """
    with _driver(engine) as driver:
        driver.autocommit = True
        try:
            return Rows(driver.execute(_sql(statement), parameters).fetchall())
        finally:
            if not driver.closed:
                driver.autocommit = False


@contextmanager
def _driver(engine: Engine) -> Iterator[Any]:
    """Take a driver's connection out of an engine's pool for a while. Raises what SQLAlchemy would raise."""
    try:
        connection = engine.raw_connection()
    except psycopg.Error as error:
        raise _translated(error, lost=True) from error
    driver: Any = connection.driver_connection
    try:
        yield driver
    except psycopg.Error as error:
        raise _translated(error, lost=driver.closed) from error
    finally:
        if driver.closed:
            connection.invalidate()
        connection.close()


async def add(connection: Executes, statement: TextClause, parameters: Parameters) -> None:
    """Execute a statement whose rows nobody wants; on a line it waits for company."""
    if isinstance(connection, Line):
        connection.add(statement, parameters)
    else:
        await connection.execute(statement, parameters)


async def _rows(cursor: psycopg.AsyncCursor[Any], statement: bytes) -> Rows:
    """Read an answer. What its columns are called is asked once for each statement: to learn it costs more than some rows."""
    result = cursor.pgresult
    if result is None or result.status != ExecStatus.TUPLES_OK:
        return Rows()
    make = _makers.get(statement)
    if make is None:
        named: Any = namedtuple("Row", _names(cursor), rename=True)  # type: ignore[misc]  # noqa: PYI024 - Postgres names them.
        make = _makers[statement] = partial(tuple.__new__, named)
    return Rows(map(make, await cursor.fetchall()))


def _names(cursor: psycopg.AsyncCursor[Any]) -> list[str]:
    return [column.name for column in cursor.description or ()]


@cache
def _sql(statement: TextClause | Select[Any], week: str | None = None) -> bytes:
    """Write a statement as the driver takes it, the same bytes each time, by which the driver knows what it has prepared.

    One that keeps within its bounds is written for the partitions of a week: a plan of the whole tables is begun and locked for
    each of their partitions every time it is used, and there are more of them the longer sends are kept.
    """
    sql = " ".join(str(statement.compile(dialect=_DIALECT)).split())
    if week is not None and WITHIN in statement.get_execution_options():
        sql = _TABLES.sub(rf"\1 \2_{week} AS \2", sql)
    return sql.encode()


def _translated(error: psycopg.Error, *, lost: bool) -> BaseException:
    return DBAPIError.instance("", None, error, psycopg.Error, hide_parameters=True, connection_invalidated=lost, dialect=_DIALECT)

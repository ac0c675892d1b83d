"""A line to Postgres for the hot path: the driver itself, where a round trip carries several statements.

It takes its connection from SQLAlchemy's pool and raises SQLAlchemy's errors. What it leaves out is SQLAlchemy's work for each
statement and row, which costs a worker more than the statement.
"""

import asyncio
import logging
from collections import namedtuple
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final, Protocol, Self

import psycopg
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.rows import tuple_row
from sqlalchemy import Engine, Executable, TextClause, text
from sqlalchemy.dialects.postgresql import psycopg as dialects
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.db import engine as engines

Parameters = Mapping[str, Any]
Question = tuple[TextClause, Parameters]

_DIALECT: Final = dialects.dialect()  # type: ignore[no-untyped-call]
logging.getLogger("psycopg").setLevel(logging.ERROR)  # It warns of each statement that follows one which failed, and is raised.
_COMMIT: Final = (text("COMMIT"), dict[str, Any]())
_KEPT: Final = 2
"""Lines that are kept: one that claims, and one that writes outcomes."""
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

    def __init__(self, driver: psycopg.AsyncConnection[Any]) -> None:
        self._driver = driver
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
        statements = [_sql(statement) for statement, _ in questions]
        async with self._driver.pipeline():
            for cursor, statement, (_, parameters) in zip(cursors, statements, questions, strict=True):
                await cursor.execute(statement, parameters)
        return [await _rows(cursor, statement) for cursor, statement in zip(cursors, statements, strict=True)]

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise _translated(error, lost=self._driver.closed) from error


class Lines:
    """The lines of an event loop: connections of an engine's pool, of which some are kept from one transaction to the next.

    To take a connection out of the pool and to put it back costs as much as a statement.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._kept: list[_Taken] = []

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Line]:
        """Take a line. Raises what SQLAlchemy raises when there is none."""
        taken = await self._take()
        try:
            yield Line(taken.driver)
        except BaseException:
            await taken.give_back()
            raise
        if taken.is_idle and len(self._kept) < _KEPT:
            self._kept.append(taken)
        else:
            await taken.give_back()

    async def close(self) -> None:
        """Give back those that are kept. None may be in use."""
        while self._kept:
            await self._kept.pop().give_back()

    async def _take(self) -> "_Taken":
        """Take the one used last, unless the server has ended it since."""
        while self._kept:
            taken = self._kept.pop()
            if not engines.is_lost(taken.driver):
                return taken
            await taken.give_back()
        connection = await self._engine.connect()
        return _Taken(connection, (await connection.get_raw_connection()).driver_connection)


@dataclass(frozen=True, slots=True)
class _Taken:
    """A connection out of the pool."""

    connection: AsyncConnection
    driver: Any

    @property
    def is_idle(self) -> bool:
        """Whether it is in no transaction, and can be used for the next."""
        return bool(self.driver.pgconn.transaction_status == TransactionStatus.IDLE)

    async def give_back(self) -> None:
        """Give it back to its pool, which ends its transaction; one that is lost is replaced there."""
        await asyncio.shield(asyncio.create_task(self._close()))

    async def _close(self) -> None:
        if engines.is_lost(self.driver):
            await self.connection.invalidate()
        await self.connection.close()


def write(engine: Engine, statement: TextClause, parameters: Parameters) -> None:
    """Execute a statement of named text in a transaction of its own: one round trip to do it, and one to commit.

    What was not waited for to its end is not committed later either, as a statement would be that commits itself. Raises what
    SQLAlchemy would raise.
    """
    try:
        connection = engine.raw_connection()
    except psycopg.Error as error:
        raise _translated(error, lost=True) from error
    driver: Any = connection.driver_connection
    try:
        with driver.pipeline():
            driver.execute(_sql(statement), parameters)
        driver.commit()
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
def _sql(statement: TextClause) -> bytes:
    """Write a statement as the driver takes it, the same bytes each time, by which the driver knows what it has prepared."""
    return " ".join(str(statement.compile(dialect=_DIALECT)).split()).encode()


def _translated(error: psycopg.Error, *, lost: bool) -> BaseException:
    return DBAPIError.instance("", None, error, psycopg.Error, hide_parameters=True, connection_invalidated=lost, dialect=_DIALECT)

"""A line to Postgres for the hot path: the driver itself, where a round trip carries several statements.

It takes its connection from SQLAlchemy's pool and raises SQLAlchemy's errors. What it leaves out is SQLAlchemy's work for each
statement and row, which costs a worker more than the statement.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from typing import Any, Final, Protocol, Self

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import Engine, Executable, TextClause, text
from sqlalchemy.dialects.postgresql import psycopg as dialects
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

Parameters = Mapping[str, Any]
Question = tuple[TextClause, Parameters]

_DIALECT: Final = dialects.dialect()  # type: ignore[no-untyped-call]
logging.getLogger("psycopg").setLevel(logging.ERROR)  # It warns of each statement that follows one which failed, and is raised.
_COMMIT: Final = (text("COMMIT"), dict[str, Any]())


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

    async def _send(self, questions: list[Question]) -> list[Rows]:
        cursors = [self._driver.cursor(row_factory=namedtuple_row) for _ in questions]
        async with self._driver.pipeline():
            for cursor, (statement, parameters) in zip(cursors, questions, strict=True):
                await cursor.execute(_sql(statement), parameters)
        return [Rows(await cursor.fetchall() if cursor.description else ()) for cursor in cursors]

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise _translated(error, lost=self._driver.closed) from error


@asynccontextmanager
async def line(engine: AsyncEngine) -> AsyncIterator[Line]:
    """Take a line from an engine's pool. Raises what SQLAlchemy raises when there is none."""
    async with engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        try:
            yield Line(driver)
        finally:
            if driver.closed:
                await connection.invalidate()


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


@cache
def _sql(statement: TextClause) -> bytes:
    """Write a statement as the driver takes it, the same bytes each time, by which the driver knows what it has prepared."""
    return " ".join(str(statement.compile(dialect=_DIALECT)).split()).encode()


def _translated(error: psycopg.Error, *, lost: bool) -> BaseException:
    return DBAPIError.instance("", None, error, psycopg.Error, hide_parameters=True, connection_invalidated=lost, dialect=_DIALECT)

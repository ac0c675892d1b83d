"""The hot path's line to Postgres: several statements in one round trip, in their order, all of them or none."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from shared.db.hot import Line
from shared.db.lines import Lines
from shared.domain.channels import Channel
from tests.integration import own_lines
from tests.integration.worker.conftest import Desk
from worker.runtime import patience

_NOTE: Final = text("INSERT INTO noted (word) VALUES (:word)")
_READ: Final = text("SELECT number, word FROM noted ORDER BY number")
_BACKEND: Final = text("SELECT pg_backend_pid() AS number")

Scenario = Callable[[Lines], Awaitable[Any]]


@pytest.fixture
def play(desk: Desk) -> Any:
    """Play a scenario with lines of its own, and give what it gives."""

    def run(scenario: Scenario) -> Any:
        async def played() -> Any:
            async with own_lines.opened() as own:
                return await scenario(own)

        return desk.runtime.run(played())

    with desk.database.begin() as connection:
        connection.execute(text("CREATE TABLE noted (number serial, word text NOT NULL UNIQUE)"))
    yield run
    with desk.database.begin() as connection:
        connection.execute(text("DROP TABLE noted"))


async def words(own: Lines) -> list[str]:
    async with own.line() as line:
        return [row.word for row in await line.execute(_READ)]


def test_what_is_added_comes_before_what_is_asked_and_each_question_has_its_rows(play: Any) -> None:
    async def scenario(own: Lines) -> None:
        async with own.line() as line:
            line.add(_NOTE, {"word": "one"})
            line.add(_NOTE, {"word": "two"})
            before, _, after = await line.ask((_READ, {}), (_NOTE, {"word": "three"}), (_READ, {}))
            assert ([row.word for row in before], after.scalars()) == (["one", "two"], [1, 2, 3])
            line.add(_NOTE, {"word": "four"})
            await line.commit()
        assert await words(own) == ["one", "two", "three", "four"]

    play(scenario)


@pytest.mark.parametrize("commits", [True, False])
def test_what_is_not_committed_leaves_nothing(play: Any, *, commits: bool) -> None:
    async def scenario(own: Lines) -> list[str]:
        async with own.line() as line:
            await line.execute(_NOTE, {"word": "one"})
            if commits:
                await line.commit()
        return await words(own)

    assert play(scenario) == (["one"] if commits else [])


@pytest.mark.parametrize(
    ("word", "error", "sqlstate"), [(None, IntegrityError, "23502"), ("one", IntegrityError, "23505"), ("\0", DataError, None)]
)
def test_one_that_is_refused_takes_all_with_it_and_the_line_can_be_used_again(
    play: Any, word: str | None, error: type[DBAPIError], sqlstate: str | None
) -> None:
    async def fail(line: Line) -> None:
        line.add(_NOTE, {"word": "one"})
        line.add(_NOTE, {"word": word})
        line.add(_NOTE, {"word": "two"})
        await line.commit()

    async def scenario(own: Lines) -> None:
        for _ in range(2):
            with pytest.raises(error) as raised:
                async with own.line() as line:
                    await fail(line)
            assert (patience.sqlstate(raised.value), patience.is_away(raised.value)) == (sqlstate, False)
        assert await words(own) == []

    play(scenario)


def test_a_lost_server_is_away_and_lost_connections_are_not_used_again(desk: Desk, play: Any) -> None:
    end = text("SELECT pg_terminate_backend(:number)")

    def kill(number: int) -> None:
        with desk.database.connect() as connection:
            connection.execute(end, {"number": number})

    async def scenario(own: Lines) -> None:
        async with own.line() as line, own.line() as idle:
            numbers = [(await each.execute(_BACKEND)).scalars()[0] for each in (line, idle)]
            for number in numbers:
                await asyncio.to_thread(kill, number)
            with pytest.raises(DBAPIError) as raised:
                await line.execute(_BACKEND)
            assert patience.is_away(raised.value)
        async with own.line() as line, own.line() as another:
            assert not {(await each.execute(_BACKEND)).scalars()[0] for each in (line, another)} & set(numbers)

    play(scenario)


def test_of_two_tasks_that_ask_for_one_delivery_at_once_one_gets_it(desk: Desk) -> None:
    key_id = desk.key()
    (first,), (second,) = desk.send((Channel.TELEGRAM, 0, key_id)), desk.send((Channel.TELEGRAM, 0, key_id))

    async def run() -> list[list[Any]]:
        claimer = desk.process.claimer
        found = await asyncio.gather(*(claimer.claim(each) for each in ([first], [second], [second, first], [first])))
        return [[each.id for each in claimed] for claimed, _ in found]

    assert desk.runtime.run(run()) == [[first], [second], [], []]

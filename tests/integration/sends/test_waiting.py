"""Requests that wait hear of their outcomes: by the news of them, and without it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import redis
from sqlalchemy import Engine, update

from api import waiting
from shared import ids, settings, signals
from shared.db.tables import sends as table
from shared.domain.states import SendState
from shared.management import sends
from tests.integration.sends import rows
from tests.integration.sends.conftest import Caller

_SOON = 10.0
_NEVER = 3600.0
_FAR = datetime.now(UTC) + timedelta(days=30)


@pytest.fixture
def room(database: Engine, monkeypatch: pytest.MonkeyPatch) -> waiting.WaitingRoom:  # noqa: ARG001 - it reads there.
    """A room that learns by news only."""
    monkeypatch.setattr(waiting, "_LOOK_AGAIN", _NEVER)
    return waiting.WaitingRoom()


@pytest.fixture
def tell(room: waiting.WaitingRoom) -> Iterator[Callable[..., None]]:
    """Tell a room, once it hears, that sends have settled."""
    channel = signals.settled_channel(room.process)
    with redis.Redis.from_url(settings.get().signals) as client:

        def publish(*send_ids: UUID) -> None:
            while not client.publish(channel, signals.pack(send_ids)):
                pass

        yield publish


@dataclass(frozen=True, kw_only=True)
class Sends:
    """An account's sends, which no worker of the stack touches: they are scheduled until they end."""

    database: Engine
    account_id: UUID

    def make(self) -> UUID:
        """Make a send of three deliveries."""
        plan = rows.plan(
            ("whatsapp", 0, "+628120000001"), ("telegram", 0, "17"), ("email", 1, "alex@customer.example"), schedule=_FAR
        )
        return rows.store(self.database, self.account_id, rows.Stored(plan=plan))

    def end(self, *send_ids: UUID) -> None:
        """Have sends an outcome."""
        with self.database.begin() as connection:
            connection.execute(update(table).where(table.c.id.in_(send_ids)).values(state=SendState.SENT))


@pytest.fixture
def made(database: Engine, caller: Caller) -> Sends:
    return Sends(database=database, account_id=caller.account_id)


def test_the_news_wakes_all_of_it_and_nobody_else(made: Sends, room: waiting.WaitingRoom, tell: Callable[..., None]) -> None:
    ended, still, unheard = (made.make() for _ in range(3))
    with room.expect(ended, 3) as first, room.expect(still, 3) as second, room.expect(unheard, 3) as third:
        made.end(ended, unheard)
        tell(ended, still, ids.new_send())
        view = first.outcome.result(_SOON)
        assert [expected.outcome.take() for expected in (second, third)] == [True, True]
    assert (view.id, view.state) == (ended, SendState.SENT)
    assert [delivery.id for delivery in view.deliveries] == ids.deliveries_of(ended, 3)


def test_who_gave_up_is_not_woken(made: Sends, room: waiting.WaitingRoom, tell: Callable[..., None]) -> None:
    late, other = made.make(), made.make()
    with room.expect(late, 3) as gone, room.expect(other, 3) as there:
        assert waiting.outcome_of(late, gone, 0.01).state is SendState.SCHEDULED
        made.end(late, other)
        tell(late, other)
        assert there.outcome.result(_SOON).id == other


def test_lost_news_is_made_up_for(made: Sends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_LOOK_AGAIN", 0.05)
    send_id = made.make()
    with waiting.WaitingRoom().expect(send_id, 3) as expected:
        made.end(send_id)
        assert waiting.outcome_of(send_id, expected, _SOON).state is SendState.SENT


def test_many_are_read_as_each_is_alone(made: Sends) -> None:
    send_ids = [made.make() for _ in range(3)]
    with made.database.connect() as connection:
        alone = {send_id: sends.load(connection, send_id) for send_id in send_ids}
        assert sends.load_many(connection, {**dict.fromkeys(send_ids, 3), ids.new_send(): 2}) == alone
        assert sends.load_many(connection, {}) == {}

"""Messages among the sends of other dialects: pages that end early are followed by the rest, and times and people choose."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine

from shared import ids
from shared.domain.channels import Channel
from shared.domain.messages import Status
from shared.domain.send import PlannedDelivery, SendPlan
from shared.domain.states import DeliveryState
from shared.management import keys, messages
from shared.management.messages import Filters, Page
from tests.integration.sends import rows
from tests.integration.sends.conftest import Caller

_NOW = datetime.now(UTC).replace(microsecond=0)
_MINUTE = timedelta(minutes=1)


class Mailbox:
    """An account's sends, each a minute older than the one before."""

    def __init__(self, database: Engine, account_id: UUID) -> None:
        self._database = database
        self._account_id = account_id
        self._next = _NOW
        with database.begin() as connection:
            self._key_id = keys.create(connection, account_id, Channel.WABA, "number", {}, sender="15550001111")[0].id

    def add(self, dialect: str, to: str = "+628111111111", state: DeliveryState = DeliveryState.SENT) -> UUID:
        self._next -= _MINUTE
        content = {"kind": "text", "cloud": {"body": "Halo"}}
        one = {"channel": Channel.WABA, "tier": 0, "fallback": False, "key_id": self._key_id, "target": to, "content": content}
        plan = SendPlan(dialect=dialect, deliveries=(PlannedDelivery(**one),))  # type: ignore[arg-type]
        stored = rows.Stored(plan=plan, send_id=rows.id_at(self._next), deliveries={1: {"state": state.value}})
        return rows.store(self._database, self._account_id, stored)

    def page(self, limit: int, before_id: UUID | None = None, filters: Filters | None = None) -> Page:
        with self._database.connect() as connection:
            return messages.page(connection, self._account_id, filters or Filters(), limit, before_id)

    def pages(self, limit: int, filters: Filters | None = None) -> Iterator[list[UUID]]:
        before_id = None
        while True:
            page = self.page(limit, before_id, filters)
            yield [message.id for message in page.messages]
            before_id = page.next_before
            if before_id is None:
                return


@pytest.fixture
def mailbox(database: Engine, caller: Caller) -> Mailbox:
    return Mailbox(database, caller.account_id)


def test_a_page_that_ends_early_is_followed_by_the_rest(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "_BATCH", 2)
    monkeypatch.setattr(messages, "_MOST_LOOKED_AT", 4)
    made = []
    for _ in range(3):
        for _ in range(5):
            mailbox.add("kirisan")
        made.append(mailbox.add("kirim"))
    pages = list(mailbox.pages(limit=1))
    assert [] in pages
    assert [identifier for page in pages for identifier in page] == made


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_pages_meet_without_a_gap(mailbox: Mailbox, limit: int) -> None:
    made = [mailbox.add("kirim", state=state) for state in (DeliveryState.SENT, DeliveryState.FAILED) * 3]
    assert [identifier for page in mailbox.pages(limit) for identifier in page] == made
    failed = [identifier for page in mailbox.pages(limit, Filters(status=Status.FAILED)) for identifier in page]
    assert failed == made[1::2]


def test_times_and_people_choose(mailbox: Mailbox) -> None:
    first, second, third = (mailbox.add("kirim", f"+62811111111{number}") for number in range(3))
    moment = ids.made_at(second)
    assert list(mailbox.pages(5, Filters(created_after=moment))) == [[first, second]]
    assert list(mailbox.pages(5, Filters(created_before=moment))) == [[third]]
    assert list(mailbox.pages(5, Filters(to="62 811 111 1111"))) == [[second]]
    assert list(mailbox.pages(5, Filters(to="+628111111111", created_before=moment))) == [[]]


def test_a_message_is_read_with_its_number(mailbox: Mailbox, database: Engine, caller: Caller) -> None:
    identifier = mailbox.add("kirim")
    with database.connect() as connection:
        found = messages.load(connection, caller.account_id, identifier)
        assert messages.load(connection, ids.new(), identifier) is None
        assert messages.load(connection, caller.account_id, mailbox.add("kirisan")) is None
    assert found is not None
    assert (found.to, found.type, found.sender, found.request_id) == ("+628111111111", "text", "15550001111", "req_test")

"""Which queue an account's sends go to, by how much of it waits; no worker takes any."""

from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update

from api import shares
from api.backlog import Backlog
from api.intake import Intake
from api.orders import Order
from api.publishing import Publisher
from api.shares import Shares
from shared import ids
from shared.db.tables import deliveries
from shared.domain.states import DeliveryState
from shared.queues import Queue
from tests.integration.api import test_backlog
from tests.integration.api.caller import Caller
from tests.integration.sends import rows

_SHARE = 4
_LATER = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, 3600)


@pytest.fixture(autouse=True)
def _nothing_waits(own_process: Engine) -> None:
    test_backlog._drain(own_process)


class Sender:
    """An account that sends, by an api process that knows what waits."""

    def __init__(self, engine: Engine, account_id: Any, known: Shares) -> None:
        self._intake = Intake(Publisher(lambda: 0), Backlog("deliveries", 1_000_000, lambda: 0))
        self._engine = engine
        self._known = known
        self.account_id = account_id

    def send(self, number: int) -> None:
        """Send to two tiers each, of which the second waits for the first."""
        for _ in range(number):
            plan = rows.plan(("waba", 0, "6281311100000"), ("email", 1, "a@customer.example"))
            queue = self._known.queue(self.account_id)
            order = Order(plan=plan, account_id=self.account_id, token_id=ids.new(), request_id="", waiter=None, queue=queue)
            self._intake.submit(order)

    def change(self, **values: Any) -> None:
        """Change what waits of it."""
        mine = update(deliveries).where(deliveries.c.account_id == self.account_id, deliveries.c.state == DeliveryState.QUEUED)
        with self._engine.begin() as connection:
            connection.execute(mine.values(values))

    def queues(self) -> dict[tuple[str, int], int]:
        """Count its deliveries in each queue, by their tiers."""
        columns = (deliveries.c.queue, deliveries.c.tier)
        counted = select(*columns, func.count()).where(deliveries.c.account_id == self.account_id).group_by(*columns)
        with self._engine.connect() as connection:
            return {(queue, tier): number for queue, tier, number in connection.execute(counted)}


@pytest.fixture
def known(own_process: Engine) -> Shares:
    return Shares(own_process, _SHARE)


@pytest.fixture
def sender(own_process: Engine, caller: Caller, known: Shares) -> Sender:
    return Sender(own_process, caller.account_id, known)


def test_what_is_sent_beyond_the_share_waits_in_bulk_with_all_its_tiers(sender: Sender, known: Shares) -> None:
    for number in (_SHARE, 1, 2):
        sender.send(number)
        known.count()
    assert sender.queues() == {("send", 0): 5, ("send", 1): 5, ("bulk", 0): 2, ("bulk", 1): 2}


def test_another_account_s_is_not(sender: Sender, known: Shares) -> None:
    sender.send(_SHARE + 1)
    assert known.count() == _SHARE + 1
    assert (known.queue(sender.account_id), known.queue(ids.new())) == (Queue.BULK, Queue.SEND)


def test_half_of_the_share_is_to_be_left_before_it_is_immediate_again(sender: Sender, known: Shares, own_process: Engine) -> None:
    sender.send(_SHARE + 1)
    known.count()
    found = []
    while known.count():
        found.append(known.queue(sender.account_id))
        with own_process.begin() as connection:
            one = select(deliveries.c.id).where(deliveries.c.state == DeliveryState.QUEUED).limit(1).scalar_subquery()
            connection.execute(update(deliveries).where(deliveries.c.id == one).values(state=DeliveryState.SENT))
    assert found == [Queue.BULK] * 3 + [Queue.SEND] * 2


@pytest.mark.parametrize(
    "changed",
    [
        {"campaign_id": ids.new()},  # Campaigns are fed no more than may be under way.
        {"queued_at": _LATER, "not_before": _LATER},  # It is put off to keep a rate.
        {"state": DeliveryState.CLAIMED},
    ],
)
def test_what_keeps_nobody_waiting_does_not_count(sender: Sender, known: Shares, changed: dict[str, Any]) -> None:
    sender.send(_SHARE + 1)
    sender.change(**changed)
    known.count()
    assert known.queue(sender.account_id) is Queue.SEND


def test_only_the_latest_are_looked_at(sender: Sender, known: Shares, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "_LOOKED_AT", 1)
    sender.send(2 * _SHARE)
    known.count()
    assert known.queue(sender.account_id) is Queue.SEND

"""What waits to be published while a broker hangs."""

import threading
import time
from collections.abc import Iterator, Sequence
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from api import publishing
from api.publishing import Publisher
from shared import ids, queues
from shared.domain.due import AT_ONCE, Due
from shared.queues import Queue


class _Broker:
    """Takes one batch, and no other before it may."""

    def __init__(self) -> None:
        self.got: list[list[UUID]] = []
        self.free = threading.Event()

    def publish_due(self, deliveries: Sequence[Due]) -> None:
        self.got.append([each.id for each in deliveries])
        self.free.wait(10)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Broker]:
    made = _Broker()
    monkeypatch.setattr(queues, "publish_due", made.publish_due)
    monkeypatch.setattr(publishing, "_MOST", 3)
    yield made
    made.free.set()


def _await(broker: _Broker, batches: int) -> None:
    deadline = time.monotonic() + 10
    while len(broker.got) < batches:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_what_finds_no_place_is_left_to_recovery(broker: _Broker) -> None:
    own, made = Publisher(lambda: 0), [ids.new() for _ in range(7)]

    def publish(number: int) -> None:
        own.publish([Due(id=made[number], queue=Queue.SEND, at=AT_ONCE)])

    with capture_logs() as logs:
        publish(0)
        _await(broker, 1)
        for number in range(1, 6):
            publish(number)
        broker.free.set()
        _await(broker, 2)
        publish(6)
        _await(broker, 3)
    assert broker.got == [made[:1], made[1:4], made[6:]]
    assert [each["event"] for each in logs] == ["publishing.full"]


@pytest.mark.parametrize(
    ("cost", "crowd", "seconds"),
    [
        (0.0005, 0, 0.003),
        (0.0005, 1, 0.003),
        (0.0005, 3, 0.008),
        (0.002, 3, 0.012),
        (0.0005, 400, 0.02),
        (1.0, 0, 0.02),
        (0.0, 1, 0.0),
    ],
)
def test_the_more_requests_wait_the_longer_it_rests_within_bounds(cost: float, crowd: int, seconds: float) -> None:
    assert publishing.rest(cost, crowd) == pytest.approx(seconds)

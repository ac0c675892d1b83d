"""What may enter the broker."""

import time
from collections.abc import Mapping

import pytest

from shared import ids, producers, queues, settings
from shared.domain.due import Due


def test_no_countdown_goes_beyond_the_horizon() -> None:
    horizon = settings.get().horizon_seconds
    with pytest.raises(ValueError, match="beyond the horizon of 60 s"):
        queues.publish_deliveries([ids.new()], queues.Queue.SEND, countdown=horizon + 0.001)


def test_no_delivery_is_published_beyond_the_horizon() -> None:
    due = Due(id=ids.new(), queue=queues.Queue.SEND, at=time.monotonic() + settings.get().horizon_seconds + 1)
    with pytest.raises(ValueError, match="beyond the horizon"):
        queues.publish_due([due])


def test_what_is_published_is_read_back() -> None:
    delivery_ids = [ids.new(), ids.new()]
    assert queues.read_deliveries([ids.encode(ids.DELIVERY, each) for each in delivery_ids]) == delivery_ids
    with pytest.raises(ValueError, match="no id of its kind"):
        queues.read_deliveries([ids.encode(ids.SEND, ids.new())])


def test_each_file_of_recipients_is_a_task_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, tuple[list[str]], str]] = []

    def send(_app: object, _by: object, task: str, content: Mapping[str, tuple[list[str]]], *, queue: str) -> None:
        sent.append((task, content["args"], queue))

    monkeypatch.setattr(producers, "send", send)
    campaign_ids = [ids.new(), ids.new()]
    queues.publish_import(campaign_ids)
    assert [(task, queue) for task, _, queue in sent] == [("campaign.import", "upkeep")] * 2
    assert [queues.read_campaigns(argument) for _, (argument,), _ in sent] == [[each] for each in campaign_ids]

"""What the providers let a sender write, as their documentation has it."""

import pytest

from shared.domain.channels import Channel
from shared.domain.pacing import Limit
from worker import channels


def within(limit: Limit | None, seconds: float) -> float:
    """Give how many messages may leave within a time."""
    assert limit is not None
    return limit.burst + seconds / limit.interval


def test_every_channel_begins_anew_after_a_pause_without_a_burst() -> None:
    for channel in Channel:
        limit = channels.pace(channel).after_pause
        assert limit.burst == 1
        assert limit.interval > 0


@pytest.mark.parametrize("address", ["-1001234567890", "@news"])
def test_a_group_of_telegrams_gets_twenty_a_minute(address: str) -> None:
    assert within(channels.pace(Channel.TELEGRAM).recipient(address), 60) <= 20


def test_a_chat_of_telegrams_gets_one_a_second_and_short_bursts() -> None:
    limit = channels.pace(Channel.TELEGRAM).recipient("42")
    assert limit is not None
    assert limit.interval == 1
    assert limit.burst > 1


def test_a_user_of_metas_gets_ten_a_minute_and_bursts_of_45() -> None:
    limit = channels.pace(Channel.WABA).recipient("6281200000001")
    assert limit == Limit(interval=6, burst=45)


@pytest.mark.parametrize("channel", [Channel.WHATSAPP, Channel.EMAIL])
def test_where_nothing_is_published_nothing_is_limited(channel: Channel) -> None:
    assert channels.pace(channel).recipient("x") is None

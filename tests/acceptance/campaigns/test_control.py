"""Campaigns paused, resumed and cancelled under way: exact, as their recipients see it."""

import time
from collections import Counter
from collections.abc import Sequence

from tests.acceptance.backend import JsonObject, await_true
from tests.acceptance.campaigns.marketing import Marketing, chats

_A_WHILE = 1.5
"""Seconds in which something more would have left: a feeder's next look, and a worker's wait for its turn."""


def _received(shop: Marketing, channel: str, to: Sequence[str]) -> Counter[str]:
    """Count what some recipients got by a channel."""
    answer = shop.tenant.sandbox.get("/_sandbox/messages", params={"channel": channel})
    theirs = {address.lower() for address in to}
    return Counter(message["to"] for message in answer.json()["messages"] if message["to"].lower() in theirs)


def _paused(shop: Marketing, campaign: str) -> JsonObject:
    """Pause until no call is under way any more."""
    await_true(lambda: shop.data("POST", f"/{campaign}/pause")["in_flight"] == 0)
    told = shop.look_up(campaign)
    assert told["state"] == "paused"
    return told


def _two_channels(shop: Marketing) -> JsonObject:
    """Plan a message by Telegram, and by email where that fails."""
    return {
        "keys": {"telegram": shop.tenant.key("telegram"), "email": shop.tenant.key("email", 1)},
        "content": {"telegram": {"message": {"type": "text", "message": "Hi {{first}}"}}, "email": shop.tenant.content("email")},
        "columns": {"targets": {"telegram": "chat", "email": "first name"}, "variables": {"first": "chat"}},
        "variables": {"name": "Alex", "order_id": "A-1"},
    }


def test_nothing_leaves_after_a_pause_and_a_resumption_leaves_nobody_out(shop: Marketing) -> None:
    to = chats(120)
    campaign = shop.filled([(chat, "Ana") for chat in to], rate_per_second=30)
    shop.tenant.fault("telegram", "slow", latency_ms=400)
    shop.data("POST", f"/{campaign}/start")
    await_true(lambda: _received(shop, "telegram", to).total() > 5)
    _paused(shop, campaign)
    until_then = _received(shop, "telegram", to)
    assert 5 < until_then.total() < 120
    time.sleep(_A_WHILE)
    assert _received(shop, "telegram", to) == until_then
    assert shop.data("POST", f"/{campaign}/pause")["in_flight"] == 0
    assert shop.data("POST", f"/{campaign}/resume")["state"] == "running"
    told = shop.ended(campaign)
    assert (told["state"], told["sent"], told["pending"], told["in_flight"]) == ("completed", 120, 0, 0)
    assert _received(shop, "telegram", to) == Counter(to)


def test_a_campaign_with_a_rate_goes_on_with_the_very_next_recipient(shop: Marketing) -> None:
    to = chats(30)
    campaign = shop.filled([(chat, "Ana") for chat in to], rate_per_second=20)
    shop.data("POST", f"/{campaign}/start")
    await_true(lambda: _received(shop, "telegram", to).total() >= 4)
    _paused(shop, campaign)
    until_then = _received(shop, "telegram", to)
    taken = [each["row"] for each in shop.data("GET", f"/{campaign}/recipients") if each["send"]]
    assert sorted(taken) == list(range(1, len(taken) + 1))
    time.sleep(_A_WHILE)
    assert _received(shop, "telegram", to) == until_then
    shop.data("POST", f"/{campaign}/resume")
    assert shop.ended(campaign)["sent"] == 30
    assert _received(shop, "telegram", to) == Counter(to)


def test_the_next_tier_of_a_paused_campaign_waits_for_it(shop: Marketing) -> None:
    rows = [(chat, f"{chat}@customer.example") for chat in chats(30)]
    addresses = [address for _, address in rows]
    campaign = shop.filled(rows, **_two_channels(shop))
    shop.tenant.fault("telegram", "recipient")
    shop.tenant.fault("email", "slow", latency_ms=300)
    shop.data("POST", f"/{campaign}/start")
    await_true(lambda: _received(shop, "email", addresses).total() > 2)
    _paused(shop, campaign)
    until_then = _received(shop, "email", addresses)
    time.sleep(_A_WHILE)
    assert _received(shop, "email", addresses) == until_then
    shop.data("POST", f"/{campaign}/resume")
    told = shop.ended(campaign)
    assert (told["state"], told["sent"], sum(told["by_code"].values())) == ("completed", 30, 30)
    assert _received(shop, "email", addresses) == Counter(addresses)


def test_nothing_leaves_after_a_cancellation(shop: Marketing) -> None:
    to = chats(60)
    campaign = shop.filled([(chat, "Ana") for chat in to], rate_per_second=30)
    shop.tenant.fault("telegram", "slow", latency_ms=400)
    shop.data("POST", f"/{campaign}/start")
    await_true(lambda: _received(shop, "telegram", to).total() > 5)
    await_true(lambda: shop.data("POST", f"/{campaign}/cancel")["in_flight"] == 0)
    until_then = _received(shop, "telegram", to)
    time.sleep(_A_WHILE)
    told = shop.ended(campaign)
    assert (told["state"], told["in_flight"], told["sent"]) == ("cancelled", 0, until_then.total())
    assert _received(shop, "telegram", to) == until_then
    assert set(until_then.values()) == {1}

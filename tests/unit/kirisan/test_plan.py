"""Tiers, channels, targets and variables of a plan."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.domain.channels import Channel
from shared.domain.confirmation import Level, Until
from tests.unit.kirisan.samples import KEY_IDS, NOW, TEXT, parse, plan, request

CHANNELS = ("whatsapp", "telegram", "waba", "email")


def cascade(**keys: Any) -> list[tuple[str, int, bool]]:
    """Give (channel, tier, fallback) of the plan for keys given as their cascade fields."""
    body = request(*keys)
    body["keys"] = {channel: {"token": "t", **fields} for channel, fields in keys.items()}
    return [(item.channel, item.tier, item.fallback) for item in plan(body).deliveries]


def test_without_fallbacks_everything_is_primary() -> None:
    assert cascade(whatsapp={}, email={"fallback": False}) == [("whatsapp", 0, False), ("email", 0, False)]


@pytest.mark.parametrize("fields", [{}, {"fallback_sequence": 0}, {"fallback_sequence": 1}, {"fallback_sequence": None}])
def test_a_fallback_without_a_sequence_or_with_0_is_in_the_first_tier(fields: dict[str, Any]) -> None:
    tiers = cascade(whatsapp={}, email={"fallback": True, **fields}, telegram={"fallback": True, "fallback_sequence": 2})
    assert tiers == [("whatsapp", 0, False), ("email", 1, True), ("telegram", 2, True)]


@pytest.mark.parametrize("fields", [{"fallback": False}, {}, {"fallback": None}])
def test_without_fallback_the_sequence_says_nothing(fields: dict[str, Any]) -> None:
    assert cascade(whatsapp={"fallback_sequence": 3, **fields}) == [("whatsapp", 0, False)]


def test_equal_sequences_share_a_tier_and_gaps_close() -> None:
    late = {"fallback": True, "fallback_sequence": 10**300}
    tiers = cascade(email=late, whatsapp={}, telegram={"fallback": True, "fallback_sequence": 5}, waba=late)
    assert tiers == [("email", 2, True), ("whatsapp", 0, False), ("telegram", 1, True), ("waba", 2, True)]


def test_without_a_primary_the_lowest_tier_runs_first_and_stays_a_fallback() -> None:
    tiers = cascade(email={"fallback": True, "fallback_sequence": 7}, whatsapp={"fallback": True, "fallback_sequence": 2})
    assert tiers == [("email", 1, True), ("whatsapp", 0, True)]


def test_the_tiers_of_dropped_channels_leave_no_gap() -> None:
    body = request("whatsapp", "telegram", "email")
    body["keys"]["telegram"] |= {"fallback": True, "fallback_sequence": 1}
    body["keys"]["email"] |= {"fallback": True, "fallback_sequence": 2}
    del body["content"]["telegram"]
    assert [(item.channel, item.tier) for item in plan(body).deliveries] == [("whatsapp", 0), ("email", 1)]


@pytest.mark.parametrize("order", [CHANNELS, CHANNELS[::-1]])
def test_deliveries_stand_in_the_order_of_the_keys(order: tuple[str, ...]) -> None:
    body = request(*order)
    body["content"] = dict(sorted(body["content"].items()))
    assert tuple(item.channel for item in plan(body).deliveries) == order


def test_each_delivery_has_its_own_key() -> None:
    assert {item.channel: item.key_id for item in plan(request(*CHANNELS)).deliveries} == KEY_IDS


def test_active_channels_have_content_and_a_key() -> None:
    body = request("whatsapp", "email")
    body["keys"] = {"email": {"token": "e"}, "telegram": {"token": "t"}}
    parsed = parse(body)
    assert parsed.active == (Channel.EMAIL,)
    assert parsed.tokens() == {Channel.EMAIL: "e", Channel.TELEGRAM: "t"}


def test_tokens_are_those_of_inactive_channels_too() -> None:
    parsed = parse(request(*CHANNELS, context={"behaviour": {"channel": "waba"}}))
    assert parsed.active == (Channel.WABA,)
    assert parsed.tokens() == {Channel(channel): f"{channel}-token" for channel in CHANNELS}


@pytest.mark.parametrize("behaviour", [None, {}, {"channel": None}, {"channel": "all"}])
def test_all_channels_are_the_default(behaviour: Any) -> None:
    assert len(parse(request(*CHANNELS, context={"behaviour": behaviour})).active) == 4


@pytest.mark.parametrize(
    ("behaviour", "until"),
    [
        ({"until": "delivered", "within": 1}, Until(level=Level.DELIVERED, within=1)),
        ({"until": "read", "within": 604_800}, Until(level=Level.READ, within=604_800)),
        ({"until": "sent"}, None),
        ({"until": "sent", "within": 5}, None),
        ({"until": None, "within": None}, None),
        ({}, None),
    ],
)
def test_how_far_a_message_must_get(behaviour: Any, until: Until | None) -> None:
    assert plan(request(context={"behaviour": behaviour})).until == until


@pytest.mark.parametrize("channel", CHANNELS)
def test_one_channel_can_be_chosen(channel: str) -> None:
    assert parse(request(*CHANNELS, context={"behaviour": {"channel": channel}})).active == (channel,)


@pytest.mark.parametrize("target", [None, {}, {"whatsapp": None}, {"whatsapp": ""}, {"email": "a@example.com"}])
def test_a_missing_target_fails_the_channel_not_the_request(target: Any) -> None:
    assert plan(request(target=target)).deliveries[0].target is None


def test_an_absent_target_fails_the_channel_not_the_request() -> None:
    body = request()
    del body["target"]
    assert plan(body).deliveries[0].target is None


@pytest.mark.parametrize("text", ["not a number", " ", "+62 812"])
def test_a_malformed_target_is_passed_on_as_written(text: str) -> None:
    assert plan(request(target={"whatsapp": text})).deliveries[0].target == text


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        ('"Alex"', "Alex"),
        ('""', ""),
        ("10", "10"),
        ("-3", "-3"),
        ("1.5", "1.5"),
        ("19.90", "19.9"),
        ("10.0", "10.0"),
        ("1e3", "1000.0"),
        ("1e22", "10000000000000000000000"),
        ("0.0000001", "0.0000001"),
        ("12345678901234567890123", "12345678901234567890123"),
        ("9" * 300, "9" * 300),
        ('"<b>&amp;</b> \\u20ac"', "<b>&amp;</b> \u20ac"),
    ],
)
def test_variables_are_text(literal: str, text: str) -> None:
    body = request(target={"variables": {"value": "REPLACED"}})
    assert plan(json.dumps(body).replace('"REPLACED"', literal).encode()).variables == {"value": text}


def test_a_null_variable_is_absent() -> None:
    assert plan(request(target={"variables": {"a": None, "b": "x"}})).variables == {"b": "x"}


def test_null_means_absent_everywhere() -> None:
    nothing = dict.fromkeys(["fileUrl", "fileId", "fileName", "footer", "location", "buttons", "listMessage"])
    body = {
        "keys": {"whatsapp": {"token": "t", "fallback": None, "fallback_sequence": None}, "waba": None},
        "content": {"whatsapp": {"template": None, "message": {**TEXT, "richContext": nothing}}, "email": None},
        "target": {"whatsapp": "1", "variables": None, "email": None},
        "context": None,
    }
    assert plan(body).deliveries[0].content == {**TEXT, "richContext": {}}
    body["content"]["whatsapp"]["message"]["richContext"] = None  # type: ignore[index]
    body["context"] = {"timing": {"schedule": None, "expires_at": None}, "behaviour": None}
    assert plan(body).deliveries[0].content == {**TEXT, "richContext": {}}


def test_unknown_fields_are_ignored_at_every_level() -> None:
    button = {"text": "b", "more": [1]}
    rich = {"more": {}, "buttons": [[button]]}
    body = {
        "more": 1,
        "keys": {"sms": 5, "whatsapp": {"token": "t", "more": 1}},
        "content": {"sms": [], "whatsapp": {"more": 1, "message": {"type": "interactive", "more": 1, "richContext": rich}}},
        "target": {"sms": 5, "whatsapp": "1"},
        "context": {"more": 1, "timing": {"more": 1}, "behaviour": {"more": 1}},
    }
    stored = {"type": "interactive", "richContext": {"buttons": [[{"text": "b"}]]}}
    assert plan(body).deliveries[0].content == stored


def test_content_without_a_key_is_dropped_unjudged() -> None:
    body = request()
    body["content"] |= {
        "waba": {"message": {"type": "location", "message": "\0", "richContext": {"location": {"lat": 300}, "buttons": [[{}]]}}},
        "email": {"message": {}, "template": 1},
    }
    assert [item.channel for item in plan(body).deliveries] == ["whatsapp"]


def test_a_send_can_expire() -> None:
    due = int(NOW.timestamp()) + 3600
    made = plan(request(context={"timing": {"schedule": due, "expires_at": due + 1}}))
    assert made.schedule == datetime.fromtimestamp(due, UTC)
    assert made.expires_at == datetime.fromtimestamp(due + 1, UTC)


@pytest.mark.parametrize("seconds", [1, 366 * 86_400])
def test_a_schedule_may_be_up_to_366_days_ahead(seconds: int) -> None:
    due = int(NOW.timestamp()) + seconds
    assert plan(request(context={"timing": {"schedule": due}})).schedule == datetime.fromtimestamp(due, UTC)


@pytest.mark.parametrize(
    ("url", "variables"),
    [
        ("http://cdn.example.com/a.jpg", {}),
        ("HTTPS://cdn.example.com/a.jpg", {}),
        ("https://cdn.example.com/{{ name }}.jpg", {"name": "a"}),
        ("https://{{host}}/a.jpg", {}),
        ("{{url}}", {"url": "https://cdn.example.com/a.jpg"}),
        ("{{url}}", {}),
    ],
)
def test_a_file_url_is_judged_as_it_will_be_sent(url: str, variables: dict[str, str]) -> None:
    body = request(target={"whatsapp": "1", "variables": variables})
    message = {"type": "image", "richContext": {"fileUrl": url}}
    body["content"] = {"whatsapp": {"message": message}}
    assert plan(body).deliveries[0].content == message

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict

import pytest

from shared.domain.channels import Channel
from tests.bench.provider import answers
from tests.bench.provider.behaviour import Behaviour, Counts, constant
from tests.bench.provider.desk import Desk


@pytest.mark.parametrize(
    ("line", "channel"),
    [
        (b"POST /waha/api/sendText HTTP/1.1", Channel.WHATSAPP),
        (b"POST /graph/v23.0/15550/messages HTTP/1.1", Channel.WABA),
        (b"POST /telegram/bot7:secret/sendMessage HTTP/1.1", Channel.TELEGRAM),
        (b"GET /waha/api/sessions/default HTTP/1.1", None),
        (b"GET /_bench/counts HTTP/1.1", None),
    ],
)
def test_channel_is_told_by_the_path(line: bytes, channel: Channel | None) -> None:
    assert answers.channel_of(line) is channel


@pytest.mark.parametrize(
    ("body", "recipient"),
    [
        (b'{"session": "default", "chatId": "6281200000001@c.us", "text": "to 5"}', b"6281200000001"),
        (b'{"messaging_product":"whatsapp","to":"6281200000002","type":"text"}', b"6281200000002"),
        (b'{"chat_id": 100000003, "text": "hi"}', b"100000003"),
        (b'{"chat_id": "100000004"}', b"100000004"),
        (b"chat_id=100000005&text=hi", b"100000005"),
    ],
)
def test_recipient_is_read_from_each_providers_body(body: bytes, recipient: bytes) -> None:
    assert answers.recipient_of(body) == recipient


def test_message_to_nobody_is_an_error() -> None:
    with pytest.raises(ValueError, match="without a recipient"):
        answers.recipient_of(b'{"text": "hi"}')


@pytest.mark.parametrize("channel", [Channel.WHATSAPP, Channel.TELEGRAM, Channel.WABA])
def test_every_answer_is_json_and_refusals_are_no_acceptances(channel: Channel) -> None:
    accepted, refused = answers.acceptance(channel, 7, b"6281200000001"), answers.refusal(channel)
    assert json.loads(accepted[1]) != json.loads(refused[1])
    assert (accepted[0] < 300, refused[0]) == (True, 400)


def served(talk: Callable[[Desk, Callable[[bytes], None]], Awaitable[None]]) -> tuple[Counts, list[int]]:
    """Let a desk take calls, and give its counts and the statuses it replied with, once it has replied to all."""
    replied: list[int] = []

    async def talking() -> Counts:
        desk, silent = Desk(), asyncio.Event()

        def reply(answer: answers.Answer) -> None:
            replied.append(answer[0])
            silent.set()

        await talk(desk, lambda body: desk.take(Channel.WABA, body, reply))
        await asyncio.wait_for(silent.wait(), timeout=10)
        return desk.counts()

    return asyncio.run(talking()), replied


def body(number: int) -> bytes:
    return b'{"to":"%d"}' % number


def test_calls_and_their_different_recipients_are_counted() -> None:
    async def talk(desk: Desk, call: Callable[[bytes], None]) -> None:
        desk.behave(Behaviour())
        for number in (1, 2, 2, 3):
            call(body(number))

    assert served(talk) == (Counts(accepted={"waba": 4}, recipients={"waba": 3}), [200] * 4)


def test_refused_calls_reach_nobody() -> None:
    async def talk(desk: Desk, call: Callable[[bytes], None]) -> None:
        desk.behave(constant(0, ["waba"]))
        call(body(1))

    assert served(talk) == (Counts(refused={"waba": 1}), [400])


def test_held_calls_are_answered_when_they_are_held_no_more() -> None:
    async def talk(desk: Desk, call: Callable[[bytes], None]) -> None:
        desk.behave(Behaviour(held=True))
        call(body(1))
        call(body(2))
        assert desk.counts().in_flight == 2
        desk.behave(Behaviour())

    assert served(talk) == (Counts(accepted={"waba": 2}, recipients={"waba": 2}), [200, 200])


def test_calls_take_their_time_and_are_in_flight_meanwhile() -> None:
    async def talk(desk: Desk, call: Callable[[bytes], None]) -> None:
        desk.behave(constant(5))
        call(body(1))
        desk.count_anew()
        assert desk.counts() == Counts(in_flight=1)

    assert served(talk) == (Counts(), [200])


def test_counts_and_behaviour_travel_as_json() -> None:
    counts = Counts(accepted={"waba": 2}, refused={"telegram": 1}, recipients={"waba": 2}, in_flight=3)
    assert Counts(**json.loads(json.dumps(asdict(counts)))) == counts
    behaviour = Behaviour(shortest_ms=1, longest_ms=2, refused=["waba"], held=True)
    assert Behaviour(**json.loads(json.dumps(asdict(behaviour)))) == behaviour

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bench import http, messages
from tests.bench.http import Message, Reader
from tests.bench.messages import LAST, REFUSED, Account, Shape

ACCOUNT = Account(token="acme-token", keys={"whatsapp": "key-w", "telegram": "key-t", "waba": "key-b"})

sent = st.lists(st.tuples(st.sampled_from([200, 202, 404, 503]), st.binary(max_size=40)), max_size=6)


@settings(deadline=None)
@given(sent, st.lists(st.integers(min_value=0, max_value=600), max_size=8))
def test_answers_are_read_wherever_the_connection_cuts_them(answers: list[tuple[int, bytes]], cuts: list[int]) -> None:
    written = b"".join(http.answer(status, body) for status, body in answers)
    edges = [0, *sorted(min(cut, len(written)) for cut in cuts), len(written)]
    reader = Reader()
    read = [message for start, stop in pairwise(edges) for message in reader.feed(written[start:stop])]
    assert [(message.status, message.body) for message in read] == answers


def test_request_without_a_body_ends_with_its_head() -> None:
    read = list(Reader().feed(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\nPUT /b HTTP/1.1\r\ncontent-LENGTH:  2\r\nA: b\r\n\r\nhi"))
    assert read == [Message(b"GET /a HTTP/1.1", b""), Message(b"PUT /b HTTP/1.1", b"hi")]


@pytest.mark.parametrize("shape", Shape)
def test_requests_are_whole_and_each_to_another_recipient(shape: Shape) -> None:
    written = b"".join(messages.requests(ACCOUNT, shape, range(5), "respond-async"))
    requests = list(Reader().feed(written))
    bodies = [json.loads(request.body) for request in requests]
    targets = [tuple(value for name, value in body["target"].items() if name != "variables") for body in bodies]
    assert {request.line for request in requests} == {b"POST /v1/send HTTP/1.1"}
    assert len({address for target in targets for address in target}) == 5 * len(set(targets[0]))


def test_request_says_who_posts_and_how_long_it_waits() -> None:
    (request,) = messages.requests(ACCOUNT, Shape.SINGLE, [0], "wait=30")
    head = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    assert {"Authorization: Bearer acme-token", "Prefer: wait=30"} <= set(head)


@pytest.mark.parametrize("shape", Shape)
def test_tiers_are_those_that_are_refused_and_the_last(shape: Shape) -> None:
    (request,) = Reader().feed(next(messages.requests(ACCOUNT, shape, [0], "respond-async")))
    keys = json.loads(request.body)["keys"]
    assert sorted(keys, key=lambda channel: keys[channel].get("fallback_sequence", 0)) == [*REFUSED[shape], LAST]
    assert {channel: key["token"] for channel, key in keys.items()}.items() <= ACCOUNT.keys.items()

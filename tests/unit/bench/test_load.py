"""The load and the provider stand-in, which is a process of its own, against each other."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count, islice
from urllib.parse import urlsplit

import pytest

from tests.bench import http, load, waits
from tests.bench.load import Measured
from tests.bench.provider import owner
from tests.bench.provider.behaviour import Behaviour, Counts, constant
from tests.bench.provider.owner import Provider


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with owner.start(tmp_path_factory.mktemp("provider")) as provider:
        yield provider


@pytest.fixture
def provider(running: Provider) -> Provider:
    running.behave(Behaviour())
    return running


def messages(path: str = "/graph/v23.0/1/messages") -> Iterator[bytes]:
    """Give messages without end, each for another recipient."""
    bodies = (b'{"to":"%d"}' % (10_000_000 + number) for number in count())
    return (http.head(path, len(body), {}) + body for body in bodies)


def port(provider: Provider) -> int:
    return urlsplit(provider.url).port or 0


@pytest.mark.parametrize("clients", [1, 3, 20])
def test_clients_post_all_requests_between_them(provider: Provider, clients: int) -> None:
    measured = load.expect(load.closed(port(provider), islice(messages(), 12), clients=clients), 200)
    assert len(measured.answers) == 12
    assert provider.counts() == Counts(accepted={"waba": 12}, recipients={"waba": 12})


def test_clients_end_with_their_time(provider: Provider) -> None:
    measured = load.closed(port(provider), messages(), clients=2, seconds=0.05)
    assert measured.seconds >= 0.05
    assert provider.counts().accepted == {"waba": len(measured.answers)}


def test_time_of_a_post_holds_that_of_the_provider(provider: Provider) -> None:
    provider.behave(constant(30))
    measured = load.closed(port(provider), islice(messages(), 4), clients=2)
    assert min(answer.seconds for answer in measured.answers) >= 0.029
    assert measured.seconds >= 0.058


def test_paced_posts_do_not_wait_for_one_another(provider: Provider) -> None:
    provider.behave(Behaviour(held=True))

    def post() -> Measured:
        return load.paced(port(provider), messages(), [0.0, 0.001, 0.002, 0.02, 0.03])

    with ThreadPoolExecutor(1) as pool:
        posted = pool.submit(post)
        waits.until(lambda: provider.counts().in_flight == 5, "all posts are there though none is answered")
        provider.behave(Behaviour())
        measured = posted.result()
    assert measured.statuses == {200: 5}


def test_late_post_counts_from_when_it_was_to_start(provider: Provider) -> None:
    def stalling() -> Iterator[bytes]:
        """Give the first request at once, and stall the load itself before the second."""
        requests = messages()
        yield next(requests)
        time.sleep(0.1)
        yield next(requests)

    measured = load.paced(port(provider), stalling(), [0.0, 0.001])
    assert max(answer.seconds for answer in measured.answers) >= 0.099


def test_refusals_are_answers_too(provider: Provider) -> None:
    provider.behave(constant(0, ["telegram"]))
    measured = load.closed(port(provider), islice(messages("/telegram/bot1:x/sendMessage"), 2), clients=1)
    assert (measured.statuses, provider.counts().refused) == ({400: 2}, {"telegram": 2})


def test_what_the_provider_does_not_know_is_not_found(provider: Provider) -> None:
    measured = load.closed(port(provider), [http.get("/nowhere", {})], clients=1)
    assert (measured.statuses, provider.counts()) == ({404: 1}, Counts())


def test_provider_is_one_process(provider: Provider) -> None:
    assert {name: len(pids) for name, pids in provider.pids().items()} == {"provider": 1}

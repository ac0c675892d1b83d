"""The guarded client connects to nothing that is not public, whatever a name resolves to and when."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from ipaddress import ip_network

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from shared.management import webhooks
from tests.integration.receiver import Receiver, serve
from worker import egress

LOOPBACK = (ip_network("127.0.0.0/8"),)


class Resolver(AbstractResolver):
    """A name server that says what it is told, one answer at a time."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        del family
        addresses = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [_result(host, address, port) for address in addresses]

    async def close(self) -> None:
        """Close nothing."""


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serve() as running:
        yield running


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await scenario()

    asyncio.run(bounded())


async def post(session: aiohttp.ClientSession, url: str) -> int:
    async with session.post(url, data=b"{}", allow_redirects=False) as response:
        return response.status


async def refused(session: aiohttp.ClientSession, url: str) -> bool:
    with pytest.raises(aiohttp.ClientError) as caught:
        await post(session, url)
    return egress.is_refused(caught.value)


@pytest.mark.parametrize(
    "addresses",
    ["127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1",  # noqa: S104 - to be refused.
     "::ffff:127.0.0.1", "64:ff9b::7f00:1",
     "64:ff9b:1::7f00:1", "2002:7f00:1::1", "fe80::1", "fd00::1", "127.0.0.1 ::1", "10.0.0.1 10.0.0.2"],
)  # fmt: skip
def test_a_name_that_leads_inside_leads_nowhere(receiver: Receiver, addresses: str) -> None:
    async def scenario() -> None:
        async with egress.open_session((), Resolver(addresses.split())) as session:
            assert await refused(session, f"http://shop.example:{receiver.port}/hooks")

    run(scenario)
    assert receiver.got == []


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "0.0.0.0"],  # noqa: S104 - likewise.
)
def test_an_address_in_the_url_is_judged_too(receiver: Receiver, host: str) -> None:
    async def scenario() -> None:
        async with egress.open_session(()) as session:
            assert await refused(session, f"http://{host}:{receiver.port}/hooks")

    run(scenario)
    assert receiver.got == []


@pytest.mark.parametrize("host", ["2130706433", "0177.0.0.1", "127.1", "0x7f000001", "0x7f.0.0.1", "a..b", "-", "a" * 64])
def test_a_host_that_is_neither_name_nor_address_leads_nowhere(receiver: Receiver, host: str) -> None:
    async def scenario() -> None:
        async with egress.open_session(()) as session:
            with pytest.raises((aiohttp.ClientError, ValueError)):
                await post(session, f"http://{host}:{receiver.port}/hooks")

    run(scenario)
    assert receiver.got == []


def test_a_name_that_changes_its_mind_is_judged_at_each_connection() -> None:
    async def scenario(outside: Receiver) -> None:
        outside.headers = {"Connection": "close"}
        async with egress.open_session((ip_network("127.0.0.2/32"),), Resolver(["127.0.0.2"], ["127.0.0.1"])) as session:
            session.connector._use_dns_cache = False  # type: ignore[union-attr]
            url = f"http://shop.example:{outside.port}/hooks"
            assert await post(session, url) == 200
            assert await refused(session, url)

    with serve("127.0.0.2") as outside:
        run(lambda: scenario(outside))
    assert len(outside.got) == 1


def test_an_allowed_address_is_reached_and_no_other(receiver: Receiver) -> None:
    async def scenario() -> None:
        async with egress.open_session(LOOPBACK) as session:
            assert await post(session, receiver.url) == 200
        async with egress.open_session((ip_network("127.0.0.2/32"),)) as session:
            assert await refused(session, receiver.url)

    run(scenario)
    assert len(receiver.got) == 1


def test_of_a_names_addresses_the_allowed_one_is_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(_: str, port: int, *__: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in ("10.0.0.1", "127.0.0.1")]

    async def scenario() -> None:
        async with egress.open_session(LOOPBACK) as session:
            assert await post(session, f"http://shop.example:{receiver.port}/hooks") == 200

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    run(scenario)


def test_no_account_can_hold_up_every_look_up() -> None:
    assert egress._LOOK_UPS > webhooks.MOST


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.plan, receiver.headers = [302], {"Location": "/elsewhere"}

    async def scenario() -> None:
        async with egress.open_session(LOOPBACK) as session:
            assert await post(session, receiver.url) == 302

    run(scenario)
    assert [got.path for got in receiver.got] == ["/hooks"]


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_of_the_environment_is_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    async def scenario() -> None:
        async with egress.open_session(LOOPBACK, Resolver(["10.0.0.1"])) as session:
            assert await refused(session, "http://shop.example/hooks")

    monkeypatch.setenv(variable, f"http://127.0.0.1:{receiver.port}")
    run(scenario)
    assert receiver.got == []


def test_no_more_than_the_beginning_of_a_body_is_taken(receiver: Receiver) -> None:
    receiver.plan = ["endless"]

    async def scenario() -> None:
        async with egress.open_session(LOOPBACK) as session:
            assert await post(session, receiver.url) == 200
            assert session.connector is not None
            assert not session.connector._conns

    run(scenario)
    assert receiver.written < 20_000_000


def test_a_cookie_is_not_kept(receiver: Receiver) -> None:
    receiver.headers = {"Set-Cookie": "tenant=1"}

    async def scenario() -> None:
        async with egress.open_session(LOOPBACK) as session:
            assert [await post(session, receiver.url) for _ in range(2)] == [200, 200]

    run(scenario)
    assert all("Cookie" not in got.headers for got in receiver.got)


@pytest.mark.parametrize("named", ["127.0.0.1", "10.0.0.1 ::ffff:127.0.0.1"])
def test_a_plain_socket_leads_nowhere_inside_either(receiver: Receiver, named: str) -> None:
    async def scenario() -> None:
        with pytest.raises(egress.AddressRefused):
            await egress.connect("mail.example", receiver.port, (), Resolver(named.split()))

    run(scenario)


def test_a_plain_socket_leads_to_the_address_that_was_judged(receiver: Receiver) -> None:
    async def scenario() -> None:
        # What the name leads to from the second look on is never asked for.
        names = Resolver(["10.0.0.1", "127.0.0.1"], ["10.0.0.1"])
        with await egress.connect("mail.example", receiver.port, LOOPBACK, names) as connected:
            assert connected.getpeername() == ("127.0.0.1", receiver.port)

    run(scenario)


def test_a_name_that_leads_nowhere_is_no_refusal() -> None:
    async def scenario() -> None:
        with pytest.raises(socket.gaierror):
            await egress.connect("nobody.invalid", 25, LOOPBACK)

    run(scenario)

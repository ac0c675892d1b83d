"""The connections that all accounts share remember nothing of any of them."""

from tests.integration.channels.loopback import Reply, run, serving, wired
from worker.runtime import wires


def test_a_cookie_is_not_kept() -> None:
    async def scenario() -> None:
        async with serving(Reply(headers={"Set-Cookie": "account=of-the-first; Path=/"})) as provider:
            opened = wires.open_wires()
            for _ in range(2):
                await opened.http.get(provider.base_url.replace("127.0.0.1", "localhost"))
            await opened.close()
            assert ["cookie" in call.headers for call in provider.calls] == [False, False]

    run(scenario())


def test_a_provider_can_tell_who_calls() -> None:
    async def scenario() -> None:
        async with serving(Reply()) as provider, wired() as connections, connections.http.get(provider.base_url):
            assert provider.calls[0].headers["user-agent"] == "antar"

    run(scenario())

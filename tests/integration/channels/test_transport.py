"""The connections that all accounts share remember nothing of any of them."""

import httpx

from tests.integration.channels.loopback import Reply, run, serving
from worker.channels import transport
from worker.runtime import wires


def test_a_cookie_is_not_kept() -> None:
    async def scenario() -> None:
        async with serving(Reply(headers={"Set-Cookie": "account=of-the-first; Path=/"})) as provider:
            opened = wires.open_wires()
            for _ in range(2):
                await opened.http.get(provider.base_url.replace("127.0.0.1", "localhost"))
            await opened.http.aclose()
            assert ["cookie" in call.headers for call in provider.calls] == [False, False]

    run(scenario())


def test_a_transport_serves_one_loop_after_the_other() -> None:
    async def scenario() -> int:
        async with serving(Reply()) as provider, httpx.AsyncClient(transport=transport.transport()) as client:
            return (await client.get(provider.base_url)).status_code

    assert [run(scenario()) for _ in range(2)] == [200, 200]

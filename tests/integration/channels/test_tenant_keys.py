"""A key that a customer made reaches the public internet only, whatever its host is called and on whatever channel."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from typing import Any, Final

import pytest

from shared import settings
from shared.domain.addresses import Network
from shared.domain.content import Message
from shared.domain.outcome import Action, Code, NotSent, Outcome, Sent
from tests.integration.channels.email import mail_server
from tests.integration.channels.loopback import Reply, envelope, run, serving
from tests.integration.channels.test_probes import EVERY_SENDER, KEYS, WELL
from worker import channels
from worker.channels import transport
from worker.channels.base import Finding, Timeouts
from worker.runtime.wires import ProcessWires

_LOOPBACK: Final = (ip_network("127.0.0.0/8"),)
_REASON: Final = "the channel key's provider is not on the public internet"
_SENT: Final = Reply(body={"ok": True, "result": {"message_id": 1, "chat": {"id": 2}}})


@asynccontextmanager
async def connected(*allowed: Network) -> AsyncIterator[ProcessWires]:
    """The connections as a worker has them."""
    limits = Timeouts()
    async with transport.open_session(limits) as free, transport.open_guarded_session(limits, allowed) as guarded:
        yield ProcessWires(http=free, timeouts=limits, guarded=guarded)


def probe(sender: str, host: str, *allowed: Network, **fields: Any) -> tuple[int, Finding]:
    """Probe a key whose provider is here under a name; give how many calls came, and what was found."""

    async def scenario() -> tuple[int, Finding]:
        async with serving(WELL[sender]) as provider, connected(*allowed) as wires:
            adapter = channels.adapter("whatsapp" if "gateway" in KEYS[sender] else sender)
            document = {**KEYS[sender], "base_url": provider.base_url.replace("127.0.0.1", host), **fields}
            key = adapter.credentials.model_validate(document)
            finding = await adapter.probe(key, wires.towards(key))
            return len(provider.calls), finding

    return run(scenario())


def assert_refused(outcome: Outcome | Finding) -> None:
    assert isinstance(outcome, NotSent)
    assert (outcome.code, outcome.action, outcome.reason) == (Code.CREDENTIALS_REJECTED, Action.KEY, _REASON)


@EVERY_SENDER
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_no_call_goes_inside(sender: str, host: str) -> None:
    calls, finding = probe(sender, host, public_only=True)
    assert calls == 0
    assert_refused(finding)


@EVERY_SENDER
def test_an_operators_key_goes_where_it_was_sent(sender: str) -> None:
    assert probe(sender, "localhost") == (1, None)


def test_networks_that_the_operator_allows_are_reached() -> None:
    assert probe("telegram", "localhost", *_LOOPBACK, public_only=True) == (1, None)


def test_a_connection_of_an_operators_key_is_not_lent_to_a_customers() -> None:
    async def scenario() -> tuple[Outcome, Outcome, int]:
        async with serving(_SENT) as provider, connected() as wires:
            adapter = channels.adapter("telegram")
            keys = [
                adapter.credentials.model_validate({**KEYS["telegram"], "base_url": provider.base_url, "public_only": confined})
                for confined in (False, True)
            ]
            letter = envelope(Message.model_validate({"type": "text", "message": "Hello"}), "2")
            outcomes = [await adapter.send(letter, key, wires.towards(key)) for key in keys]
            return outcomes[0], outcomes[1], len(provider.calls)

    first, second, calls = run(scenario())
    assert isinstance(first, Sent)
    assert_refused(second)
    assert calls == 1


@pytest.fixture
def loopback_allowed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ANTAR_EGRESS_ALLOW", "127.0.0.0/8")
    settings.get.cache_clear()
    yield
    monkeypatch.undo()
    settings.get.cache_clear()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_no_mail_goes_inside(host: str) -> None:
    with mail_server.serving() as server:
        outcome = mail_server.run(mail_server.send(mail_server.credentials(server, host=host, public_only=True)))
    assert_refused(outcome)
    assert server.peers == set()


@pytest.mark.usefixtures("loopback_allowed")
@pytest.mark.parametrize("secured", [False, True])
def test_mail_goes_to_networks_that_the_operator_allows(secured: bool) -> None:  # noqa: FBT001 - a parameter of the test.
    authority = mail_server.authority("localhost")
    fields = {"security": "tls", "ca_certificate": authority.pem} if secured else {}
    with mail_server.serving(tls=authority.server if secured else None) as server:
        key = mail_server.credentials(server, host="localhost", public_only=True, **fields)
        outcome = mail_server.run(mail_server.send(key))
    assert isinstance(outcome, Sent)

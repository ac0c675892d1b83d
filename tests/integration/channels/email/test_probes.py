"""What a mail server is asked about a sender, and what its replies mean."""

import asyncio
import socket

import pytest

from shared.credentials.email import EmailCredentials
from shared.domain.outcome import Action, Code, NotSent
from tests.integration.channels.email.conversation import CLOSE, SILENCE, conversing
from tests.integration.channels.email.mail_server import LOGIN, SHORT, Wires, adapting, authority, credentials, run, serving
from worker.channels.base import Finding

_WITH_LOGIN = "250-mx.test.example\r\n250 AUTH PLAIN"


async def _probe(key: EmailCredentials) -> Finding:
    async with adapting() as adapter:
        return await adapter.probe(key, Wires(SHORT))


def through(replies: dict[str, str], **fields: str) -> tuple[list[str], Finding]:
    lines: list[str] = []

    async def scenario() -> Finding:
        async with conversing(replies, lines) as port:
            return await _probe(credentials(port, **fields))

    return lines, run(scenario())


def assert_not_sent(finding: Finding, code: Code, action: Action) -> None:
    assert isinstance(finding, NotSent)
    assert (finding.code, finding.action) == (code, action)


def test_the_sender_is_named_and_taken_back() -> None:
    lines, finding = through({})
    assert finding is None
    assert [line.split(" ")[0] for line in lines] == ["EHLO", "NOOP", "MAIL", "QUIT"]
    assert "<no-reply@antar.example>" in lines[2]


def test_a_login_over_tls() -> None:
    own = authority()
    with serving(tls=own.server, auth_require_tls=False, authenticator=None) as server:
        assert run(_probe(credentials(server, security="tls", ca_certificate=own.pem))) is None
    assert server.letters == []


def test_a_goodbye_that_is_not_said_changes_nothing() -> None:
    assert through({"QUIT": CLOSE})[1] is None
    assert through({"QUIT": SILENCE})[1] is None
    assert through({"QUIT": "554 Stay"})[1] is None


@pytest.mark.parametrize("verb", ["GREETING", "EHLO", "NOOP", "MAIL"])
@pytest.mark.parametrize("trouble", [CLOSE, SILENCE])
def test_a_server_that_goes_says_nothing_of_the_sender(verb: str, trouble: str) -> None:
    assert_not_sent(through({verb: trouble})[1], Code.CONNECTION_FAILED, Action.RETRY)


@pytest.mark.parametrize(
    ("verb", "reply", "code", "action"),
    [
        ("GREETING", "554 5.7.1 No service for you", Code.SENDER_RESTRICTED, Action.KEY),
        ("GREETING", "421 4.3.2 Too many connections", Code.PROVIDER_UNAVAILABLE, Action.RETRY),
        ("AUTH", "535 5.7.8 Authentication failed", Code.CREDENTIALS_REJECTED, Action.KEY),
        ("AUTH", "454 4.7.0 Try later", Code.PROVIDER_UNAVAILABLE, Action.RETRY),
        ("NOOP", "421 4.3.2 Shutting down", Code.PROVIDER_UNAVAILABLE, Action.RETRY),
        ("MAIL", "530 5.7.0 Authentication required", Code.CREDENTIALS_REJECTED, Action.KEY),
        ("MAIL", "553 5.1.8 Sender address rejected", Code.SENDER_RESTRICTED, Action.KEY),
        ("MAIL", "451 4.7.1 Try later", Code.PROVIDER_UNAVAILABLE, Action.RETRY),
        ("MAIL", "gibberish", Code.PROVIDER_ERROR, Action.RETRY),
    ],
)
def test_what_a_reply_means(verb: str, reply: str, code: Code, action: Action) -> None:
    _, finding = through({"EHLO": _WITH_LOGIN, "AUTH": "235 2.7.0 Ok", verb: reply}, **LOGIN)
    assert_not_sent(finding, code, action)


def test_a_server_without_a_login() -> None:
    assert_not_sent(through({}, **LOGIN)[1], Code.CREDENTIALS_REJECTED, Action.KEY)


def test_a_server_without_starttls() -> None:
    assert_not_sent(through({}, security="starttls")[1], Code.CREDENTIALS_REJECTED, Action.KEY)


def test_a_refused_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert_not_sent(run(_probe(credentials(port))), Code.CONNECTION_FAILED, Action.RETRY)


def test_all_connections_of_the_key_are_busy() -> None:
    async def scenario() -> Finding:
        async with conversing({}) as port, adapting(connections=1) as adapter:
            key = credentials(port)
            async with adapter._pools.get(key).slot(1):
                return await adapter.probe(key, Wires(SHORT))

    assert_not_sent(run(scenario()), Code.CONNECTION_FAILED, Action.RETRY)


def test_a_probe_that_is_called_off_closes_its_connection() -> None:
    async def scenario() -> None:
        lines: list[str] = []
        async with conversing({"NOOP": SILENCE}, lines) as port:
            task = asyncio.create_task(_probe(credentials(port)))
            while "NOOP" not in lines:  # noqa: ASYNC110 - the server's list calls no one.
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    run(scenario())

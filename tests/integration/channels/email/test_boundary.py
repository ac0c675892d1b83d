import asyncio
import socket

import pytest

from shared.domain.outcome import Action, Code, NotSent, Outcome, Sent, Unknown
from tests.integration.channels.email.conversation import CLOSE, SILENCE, conversing
from tests.integration.channels.email.mail_server import DROP, HANG, SHORT, credentials, run, send, serving


def through(replies: dict[str, str]) -> Outcome:
    async def scenario() -> Outcome:
        async with conversing(replies) as port:
            return await send(credentials(port), timeouts=SHORT)

    return run(scenario())


def assert_not_sent(outcome: Outcome, code: Code = Code.CONNECTION_FAILED, action: Action = Action.RETRY) -> None:
    assert isinstance(outcome, NotSent)
    assert (outcome.code, outcome.action) == (code, action)


def assert_unknown(outcome: Outcome, code: Code) -> None:
    assert isinstance(outcome, Unknown)
    assert (outcome.code, outcome.safe_to_repeat) == (code, True)


def test_a_conversation_without_trouble() -> None:
    assert isinstance(through({}), Sent)


@pytest.mark.parametrize("verb", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("trouble", [CLOSE, SILENCE])
def test_until_the_message_is_under_way_nothing_was_sent(verb: str, trouble: str) -> None:
    assert_not_sent(through({verb: trouble}))


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (CLOSE, Code.CONNECTION_LOST),
        (SILENCE, Code.ANSWER_TIMEOUT),
        ("what?", Code.ANSWER_UNREADABLE),
        ("354 More", Code.ANSWER_UNREADABLE),
    ],
)
def test_from_then_on_only_the_servers_reply_tells(trouble: str, code: Code) -> None:
    assert_unknown(through({".": trouble}), code)


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("trouble", [DROP, HANG])
def test_a_mail_server_that_goes_before_the_message(command: str, trouble: str) -> None:
    with serving({command: trouble}) as server:
        assert_not_sent(run(send(credentials(server), timeouts=SHORT)))
    assert server.letters == []


@pytest.mark.parametrize(("trouble", "code"), [(DROP, Code.CONNECTION_LOST), (HANG, Code.ANSWER_TIMEOUT)])
def test_a_mail_server_that_goes_with_the_message(trouble: str, code: Code) -> None:
    with serving({"END": trouble}) as server:
        assert_unknown(run(send(credentials(server), timeouts=SHORT)), code)
    assert len(server.letters) == 1


@pytest.mark.parametrize("verb", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA"])
def test_gibberish_before_the_message_is_retried(verb: str) -> None:
    assert_not_sent(through({verb: "gibberish"}), Code.PROVIDER_ERROR)


@pytest.mark.parametrize(
    ("verb", "reply", "code", "action"),
    [
        ("GREETING", "421 4.3.2 Too many connections", Code.PROVIDER_UNAVAILABLE, Action.RETRY),
        ("GREETING", "554 5.7.1 No service for you", Code.SENDER_RESTRICTED, Action.KEY),
        ("EHLO", "421 4.3.2 Shutting down", Code.PROVIDER_UNAVAILABLE, Action.RETRY),
        ("MAIL", "421 4.3.2 Shutting down", Code.PROVIDER_UNAVAILABLE, Action.RETRY),
        ("RCPT", "421 4.3.2 Shutting down", Code.PROVIDER_UNAVAILABLE, Action.RETRY),
        ("DATA", "421 4.3.2 Shutting down", Code.PROVIDER_UNAVAILABLE, Action.RETRY),
        (".", "421 4.3.2 Shutting down", Code.PROVIDER_UNAVAILABLE, Action.RETRY),
    ],
)
def test_a_server_that_says_goodbye(verb: str, reply: str, code: Code, action: Action) -> None:
    assert_not_sent(through({verb: reply}), code, action)


def test_a_starttls_refused_after_the_offer() -> None:
    async def scenario() -> Outcome:
        async with conversing({"EHLO": "250-mx.test.example\r\n250 STARTTLS", "STARTTLS": "454 4.7.0 TLS not available"}) as port:
            return await send(credentials(port, security="starttls"))

    assert_not_sent(run(scenario()), Code.PROVIDER_UNAVAILABLE)


def test_a_tls_handshake_with_a_plain_server() -> None:
    async def scenario() -> Outcome:
        async with conversing({}) as port:
            return await send(credentials(port, security="tls"), timeouts=SHORT)

    assert_not_sent(run(scenario()))


def test_a_refused_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert_not_sent(run(send(credentials(port))))


def test_a_host_that_does_not_resolve() -> None:
    assert_not_sent(run(send(credentials(25, host="mail.invalid"))))


def test_a_delivery_that_is_called_off_closes_its_connection() -> None:
    async def scenario() -> None:
        async with conversing({"RCPT": SILENCE}) as port:
            task = asyncio.create_task(send(credentials(port)))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    run(scenario())

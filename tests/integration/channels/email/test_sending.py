import asyncio
import email
import email.policy
from email.message import EmailMessage
from typing import Any

import pytest

from shared.domain import content
from shared.domain.outcome import Action, Code, NotSent, Outcome, Sent
from tests.integration.channels.email import mail_server
from tests.integration.channels.email.conversation import conversing
from tests.integration.channels.email.mail_server import (
    LOGIN,
    SHORT,
    Authority,
    MailServer,
    Wires,
    adapting,
    credentials,
    envelope,
    run,
    send,
    serving,
)
from worker.channels import base
from worker.channels.email.adapter import EmailAdapter, build


@pytest.fixture(scope="module")
def authority() -> Authority:
    return mail_server.authority()


def parsed(server: MailServer) -> EmailMessage:
    message = email.message_from_bytes(server.letters[-1].content, policy=email.policy.SMTP)
    assert isinstance(message, EmailMessage)
    return message


def text_of(part: Any) -> str:
    return str(part.get_content()).replace("\r\n", "\n")


def assert_not_sent(outcome: Outcome, code: Code, action: Action) -> None:
    assert isinstance(outcome, NotSent)
    assert (outcome.code, outcome.action) == (code, action)


def starttls(server: MailServer, authority: Authority, **fields: Any) -> Any:
    return credentials(server, security="starttls", ca_certificate=authority.pem, **(LOGIN | fields))


def test_submission_over_starttls_with_a_login(authority: Authority) -> None:
    with serving(tls_context=authority.server, require_starttls=True, auth_required=True, **logins()) as server:
        outcome = run(send(starttls(server, authority)))
    assert isinstance(outcome, Sent)
    assert outcome.provider_message_id == "<00000000000000000000000000000001@antar.example>"
    assert outcome.detail == {"reply": "2.0.0 Ok: queued as 4F1D"}
    assert server.letters[0].mail_from == "no-reply@antar.example"
    assert server.letters[0].rcpt_tos == ["ann@test.example"]
    assert server.commands[0] == "AUTH"


def logins() -> dict[str, Any]:
    """Let aiosmtpd ask the server that is being made."""

    def authenticate(protocol: Any, *arguments: Any) -> Any:
        return protocol.event_handler.authenticate(protocol, *arguments)

    return {"authenticator": authenticate}


def test_submission_over_implicit_tls_with_a_login(authority: Authority) -> None:
    with serving(tls=authority.server, auth_require_tls=False, **logins()) as server:
        key = credentials(server, security="tls", ca_certificate=authority.pem, **LOGIN)
        assert isinstance(run(send(key)), Sent)
    assert server.commands[0] == "AUTH"


def test_a_relay_that_knows_login_only(authority: Authority) -> None:
    with serving(tls_context=authority.server, auth_exclude_mechanism=["PLAIN"], **logins()) as server:
        assert isinstance(run(send(starttls(server, authority))), Sent)


def test_a_wrong_password_suspends_the_key_after_one_try(authority: Authority) -> None:
    with serving(tls_context=authority.server, **logins()) as server:
        outcome = run(send(starttls(server, authority, password="open barley")))
    assert_not_sent(outcome, Code.CREDENTIALS_REJECTED, Action.KEY)
    assert server.commands == ["AUTH"]


def test_a_server_that_cannot_check_passwords_now_is_retried(authority: Authority) -> None:
    with serving({"AUTH": "454 4.7.0 Temporary authentication failure"}, tls_context=authority.server, **logins()) as server:
        assert_not_sent(run(send(starttls(server, authority))), Code.PROVIDER_UNAVAILABLE, Action.RETRY)


def test_starttls_is_never_done_without() -> None:
    with serving() as server:
        outcome = run(send(credentials(server, security="starttls")))
    assert_not_sent(outcome, Code.CREDENTIALS_REJECTED, Action.KEY)
    assert isinstance(outcome, NotSent)
    assert "STARTTLS" in outcome.reason
    assert server.letters == []


def test_a_server_without_logins_cannot_be_used_with_one() -> None:
    with serving(auth_exclude_mechanism=["PLAIN", "LOGIN"]) as server:
        assert_not_sent(run(send(credentials(server, **LOGIN))), Code.CREDENTIALS_REJECTED, Action.KEY)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_an_unknown_authority_is_not_trusted(authority: Authority, security: str) -> None:
    at_once, upgraded = (authority.server, None) if security == "tls" else (None, authority.server)
    with serving(tls=at_once, tls_context=upgraded) as server:
        outcome = run(send(credentials(server, security=security)))
    assert_not_sent(outcome, Code.CONNECTION_FAILED, Action.RETRY)
    assert server.letters == []


def test_a_certificate_for_another_name_is_not_trusted() -> None:
    other = mail_server.authority("mail.elsewhere.example")
    with serving(tls=other.server) as server:
        key = credentials(server, security="tls", ca_certificate=other.pem)
        assert_not_sent(run(send(key)), Code.CONNECTION_FAILED, Action.RETRY)


def test_what_arrives_is_what_was_written() -> None:
    letter = envelope(
        subject="Ünï 😀", html="<p>Grüße,<br>.leading dot</p>\n.\n" + "x" * 5000, text=".\n..two\nGrüße\n" + "y" * 5000
    )
    with serving() as server:
        assert isinstance(run(send(credentials(server, from_name="Ünïcode, Inc."), letter)), Sent)
    message = parsed(server)
    assert (message["Subject"], message["To"]) == ("Ünï 😀", "ann@test.example")
    assert message["From"].addresses[0].display_name == "Ünïcode, Inc."
    plain, html = message.iter_parts()
    assert text_of(plain) == ".\n..two\nGrüße\n" + "y" * 5000 + "\n"
    assert text_of(html) == "<p>Grüße,<br>.leading dot</p>\n.\n" + "x" * 5000 + "\n"
    assert max(map(len, server.letters[0].content.split(b"\r\n"))) <= 998


def test_the_size_is_declared() -> None:
    with serving() as server:
        run(send(credentials(server)))
    (size,) = [option for option in server.letters[0].mail_options if option.startswith("SIZE=")]
    assert int(size.removeprefix("SIZE=")) == len(server.letters[0].content)


def test_an_internationalised_mailbox_is_sent_as_utf_8() -> None:
    with serving() as server:
        assert isinstance(run(send(credentials(server), envelope("müller@test.example"))), Sent)
    assert server.letters[0].rcpt_tos == ["müller@test.example"]
    assert "SMTPUTF8" in server.letters[0].mail_options
    assert "To: müller@test.example\r\n".encode() in server.letters[0].content


def test_an_internationalised_mailbox_needs_a_server_that_takes_it() -> None:
    async def scenario() -> tuple[Outcome, list[str]]:
        lines: list[str] = []
        async with plain_server(lines) as port:
            return await send(credentials(port), envelope("müller@test.example")), lines

    outcome, lines = run(scenario())
    assert_not_sent(outcome, Code.RECIPIENT_UNREACHABLE, Action.NEXT)
    assert not any(line.startswith("MAIL") for line in lines)


def test_a_server_that_knows_helo_only() -> None:
    async def scenario() -> Outcome:
        async with plain_server([], ehlo="502 5.5.1 Unrecognized command") as port:
            return await send(credentials(port))

    assert isinstance(run(scenario()), Sent)


def plain_server(lines: list[str], ehlo: str = "250 mx.test.example") -> Any:
    return conversing({"EHLO": ehlo}, lines)


def test_messages_share_a_connection() -> None:
    async def scenario(server: MailServer) -> list[Outcome]:
        async with adapting() as adapter:
            return [await adapter.send(envelope(number=number), credentials(server), Wires()) for number in (1, 2, 3)]

    with serving() as server:
        outcomes = run(scenario(server))
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert len(server.peers) == 1
    assert server.commands == ["MAIL", "RCPT", "DATA", "END", *["RSET", "MAIL", "RCPT", "DATA", "END"] * 2]


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA", "END"])
def test_a_refusal_leaves_the_connection_usable(command: str) -> None:
    async def scenario(server: MailServer) -> list[Outcome]:
        async with adapting() as adapter:
            return [await adapter.send(envelope(), credentials(server), Wires()) for _ in range(2)]

    with serving({command: ["451 4.3.0 Try again later"]}) as server:
        first, second = run(scenario(server))
    assert_not_sent(first, Code.PROVIDER_UNAVAILABLE, Action.RETRY)
    assert isinstance(second, Sent)
    assert len(server.peers) == 1


def test_a_connection_the_server_closed_while_idle_is_replaced() -> None:
    async def scenario() -> list[Outcome]:
        async with conversing({"LAST": "."}) as port, adapting() as adapter:
            first = await adapter.send(envelope(), credentials(port), Wires())
            idle = adapter._pools.get(credentials(port))._idle
            async with asyncio.timeout(10):
                while any(client.is_connected for client in idle):  # noqa: ASYNC110 - the server's doing is waited for.
                    await asyncio.sleep(0.01)
            return [first, await adapter.send(envelope(), credentials(port), Wires())]

    assert all(isinstance(outcome, Sent) for outcome in run(scenario()))


@pytest.mark.parametrize(
    "script", [{"RSET": ["drop"]}, {"RSET": ["hang"]}, {"RSET": ["421 4.4.2 Idle too long"]}, {"MAIL": ["", "drop"]}]
)
def test_a_connection_that_died_between_messages_is_replaced(script: dict[str, str | list[str]]) -> None:
    async def scenario(server: MailServer) -> list[Outcome]:
        async with adapting() as adapter:
            return [await adapter.send(envelope(), credentials(server), Wires(SHORT)) for _ in range(2)]

    with serving(script) as server:
        outcomes = run(scenario(server))
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert len(server.letters) == len(server.peers) == 2


def test_a_sender_refused_on_a_used_connection_is_refused() -> None:
    async def scenario(server: MailServer) -> list[Outcome]:
        async with adapting() as adapter:
            return [await adapter.send(envelope(), credentials(server), Wires()) for _ in range(2)]

    with serving({"MAIL": ["", "553 5.1.8 Sender address rejected"]}) as server:
        _, second = run(scenario(server))
    assert_not_sent(second, Code.SENDER_RESTRICTED, Action.KEY)
    assert len(server.peers) == 1


def test_a_key_opens_no_more_connections_than_allowed() -> None:
    async def scenario(server: MailServer) -> list[Outcome]:
        async with adapting(connections=2) as adapter:
            return await asyncio.gather(*(adapter.send(envelope(number=n), credentials(server), Wires()) for n in range(20)))

    with serving() as server:
        outcomes = run(scenario(server))
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert len(server.letters) == 20
    assert len(server.peers) <= 2


def test_waiting_for_a_connection_ends() -> None:
    async def scenario(server: MailServer) -> list[Outcome]:
        async with adapting(connections=1) as adapter:
            return await asyncio.gather(*(adapter.send(envelope(number=n), credentials(server), Wires(SHORT)) for n in range(2)))

    with serving({"END": "hang"}) as server:
        outcomes = run(scenario(server))
    waited = [outcome for outcome in outcomes if isinstance(outcome, NotSent)]
    assert len(waited) == 1
    assert_not_sent(waited[0], Code.CONNECTION_FAILED, Action.RETRY)
    assert len(server.letters) == 1


def test_an_idle_connection_is_closed() -> None:
    async def scenario(server: MailServer) -> int:
        async with adapting(idle_seconds=0.05) as adapter:
            await adapter.send(envelope(), credentials(server), Wires())
            pool = adapter._pools.get(credentials(server))
            async with asyncio.timeout(10):
                while pool._idle or pool._leaving:  # noqa: ASYNC110 - it is the pool's own doing that is waited for.
                    await asyncio.sleep(0.01)
            await adapter.send(envelope(), credentials(server), Wires())
            return len(pool._idle)

    with serving() as server:
        assert run(scenario(server)) == 1
    assert len(server.peers) == 2


def test_the_pool_least_recently_used_gives_way() -> None:
    async def scenario(server: MailServer) -> None:
        async with adapting(keys=1) as adapter:
            first, second = credentials(server), credentials(server, from_name="Other")
            oldest = adapter._pools.get(first)
            await adapter.send(envelope(), first, Wires())
            await adapter.send(envelope(), second, Wires())
            assert not oldest._idle
            client = await oldest.open(Wires().timeouts)
            oldest.keep(client)
            await oldest.close()
            assert not client.is_connected

    with serving() as server:
        run(scenario(server))


def test_other_channels_contents_are_refused() -> None:
    message = content.Message.model_validate({"type": "text", "message": "Hi"})
    letter = base.Envelope(delivery_id=envelope().delivery_id, send_id=envelope().send_id, target="a@b.example", content=message)
    assert_not_sent(run(send(credentials(25), letter)), Code.CONTENT_UNSUPPORTED, Action.PERMANENT)


def test_the_adapter_is_a_channel() -> None:
    adapter: base.Adapter = build()
    assert isinstance(adapter, EmailAdapter)
    run(adapter.close())

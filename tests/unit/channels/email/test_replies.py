import pytest

from shared.domain.outcome import Action, Code, Mark
from worker.channels.email.errors import _REASONS, outcome_of_reply
from worker.channels.email.replies import BASIC, ENHANCED, WORDS, Command, Reply, verdict

N, P, K, R = Action.NEXT, Action.PERMANENT, Action.KEY, Action.RETRY
MAIL, RCPT, DATA = Command.MAIL, Command.RCPT, Command.DATA

TABLE = [
    (RCPT, "421 4.3.2 Service shutting down", Code.PROVIDER_UNAVAILABLE, R),
    (RCPT, "450 4.2.0 Mailbox busy", Code.PROVIDER_UNAVAILABLE, R),
    (RCPT, "450 4.2.1 User is receiving mail too quickly", Code.PROVIDER_UNAVAILABLE, R),
    (RCPT, "451 4.7.1 <a@b.example>: greylisted, try again later", Code.PROVIDER_UNAVAILABLE, R),
    (RCPT, "451 4.3.0 spam filter is busy", Code.PROVIDER_UNAVAILABLE, R),
    (RCPT, "452 4.5.3 Too many recipients", Code.PROVIDER_UNAVAILABLE, R),
    (RCPT, "452 Insufficient system storage", Code.PROVIDER_UNAVAILABLE, R),
    (RCPT, "452 4.2.2 Mailbox is over quota", Code.MAILBOX_FULL, N),
    (RCPT, "454 4.7.1 <a@b.example>: Relay access denied", Code.PROVIDER_UNAVAILABLE, R),
    (MAIL, "450 4.7.1 Error: too much mail from 127.0.0.1", Code.PROVIDER_UNAVAILABLE, R),
    (MAIL, "500 5.5.2 Syntax error", Code.PROVIDER_ERROR, P),
    (RCPT, "501 5.5.4 Bad parameter", Code.PROVIDER_ERROR, P),
    (DATA, "503 5.5.1 Bad sequence of commands", Code.PROVIDER_ERROR, P),
    (MAIL, "504 5.5.4 Parameter not implemented", Code.PROVIDER_ERROR, P),
    (MAIL, "555 5.5.4 Unsupported option", Code.PROVIDER_ERROR, P),
    (MAIL, "530 5.7.0 Must issue a STARTTLS command first", Code.CREDENTIALS_REJECTED, K),
    (MAIL, "530 5.7.1 Authentication required", Code.CREDENTIALS_REJECTED, K),
    (Command.AUTH, "534 5.7.9 Authentication mechanism is too weak", Code.CREDENTIALS_REJECTED, K),
    (Command.AUTH, "535 5.7.8 Error: authentication failed", Code.CREDENTIALS_REJECTED, K),
    (Command.AUTH, "535 5.7.3 Authentication unsuccessful", Code.CREDENTIALS_REJECTED, K),
    (Command.AUTH, "538 5.7.11 Encryption required", Code.CREDENTIALS_REJECTED, K),
    (Command.AUTH, "504 5.5.4 Unrecognized authentication type", Code.CREDENTIALS_REJECTED, K),
    (Command.AUTH, "454 4.7.0 Temporary authentication failure", Code.PROVIDER_UNAVAILABLE, R),
    (RCPT, "550 5.1.1 <a@b.example>: user unknown", Code.RECIPIENT_UNREACHABLE, N),
    (RCPT, "550 5.1.1 rejected by policy", Code.RECIPIENT_UNREACHABLE, N),
    (RCPT, "550 5.1.2 Bad destination system", Code.RECIPIENT_UNREACHABLE, N),
    (RCPT, "553 5.1.3 Bad destination mailbox address syntax", Code.RECIPIENT_UNREACHABLE, N),
    (RCPT, "550 5.1.10 Recipient not found", Code.RECIPIENT_UNREACHABLE, N),
    (RCPT, "556 5.1.10 Null MX", Code.RECIPIENT_UNREACHABLE, N),
    (RCPT, "556 Domain does not accept mail", Code.RECIPIENT_UNREACHABLE, N),
    (RCPT, "550 5.2.1 Mailbox disabled", Code.RECIPIENT_UNREACHABLE, N),
    (RCPT, "550 5.4.4 Host not found", Code.RECIPIENT_UNREACHABLE, N),
    (RCPT, "550 No such user here", Code.RECIPIENT_UNREACHABLE, N),
    (RCPT, "550 Requested action not taken: mailbox unavailable", Code.RECIPIENT_UNREACHABLE, N),
    (RCPT, "553 Mailbox name not allowed", Code.RECIPIENT_UNREACHABLE, N),
    (RCPT, "551 User not local", Code.RECIPIENT_UNREACHABLE, N),
    (RCPT, "552 5.2.2 Mailbox full", Code.MAILBOX_FULL, N),
    (RCPT, "552 Requested mail action aborted", Code.MAILBOX_FULL, N),
    (DATA, "552 Quota exceeded", Code.MAILBOX_FULL, N),
    (MAIL, "552 5.3.4 Message size exceeds fixed limit", Code.CONTENT_TOO_LARGE, P),
    (DATA, "552 5.2.3 Message length exceeds administrative limit", Code.CONTENT_TOO_LARGE, P),
    (DATA, "552 Error: Too much mail data", Code.CONTENT_TOO_LARGE, P),
    (DATA, "554 Message too large", Code.CONTENT_TOO_LARGE, P),
    (DATA, "550 5.7.1 Message identified as SPAM", Code.CONTENT_REFUSED, P),
    (DATA, "554 5.7.1 Rejected by content policy", Code.CONTENT_REFUSED, P),
    (DATA, "554 5.6.0 Message contains a virus", Code.CONTENT_REFUSED, P),
    (DATA, "552 5.7.0 This message was blocked because its content presents a risk", Code.CONTENT_REFUSED, P),
    (RCPT, "554 5.7.1 <spam@b.example>: Relay access denied", Code.SENDER_RESTRICTED, K),
    (RCPT, "550 5.7.1 Unable to relay", Code.SENDER_RESTRICTED, K),
    (RCPT, "553 sorry, that domain isn't in my list of allowed rcpthosts", Code.SENDER_RESTRICTED, K),
    *[(DATA, f"550 5.7.{detail} rejected", Code.SENDER_RESTRICTED, K) for detail in (20, 23, 24, 25, 26, 27, 60, 509, 515)],
    (MAIL, "553 5.1.8 Domain of sender address does not exist", Code.SENDER_RESTRICTED, K),
    (MAIL, "553 5.7.1 <a@b.example>: Sender address rejected: not owned by user antar", Code.SENDER_RESTRICTED, K),
    (MAIL, "550 5.1.1 User unknown", Code.SENDER_RESTRICTED, K),
    (MAIL, "452 4.2.2 Over quota", Code.SENDER_RESTRICTED, K),
    (DATA, "550 Rejected: fails DMARC", Code.SENDER_RESTRICTED, K),
    (Command.CONNECT, "554 5.7.1 Client host blocked", Code.SENDER_RESTRICTED, K),
    (Command.EHLO, "550 5.7.1 Helo command rejected", Code.SENDER_RESTRICTED, K),
    (RCPT, "550 5.7.1 <spam@policy.example>: Access denied", Code.PROVIDER_ERROR, P),
    (DATA, "554 5.0.0 Transaction failed", Code.PROVIDER_ERROR, P),
    (DATA, "550", Code.PROVIDER_ERROR, P),
    (RCPT, "354 What?", Code.PROVIDER_ERROR, R),
]


@pytest.mark.parametrize(("command", "line", "code", "action"), TABLE)
def test_every_reply_has_its_meaning(command: Command, line: str, code: Code, action: Action) -> None:
    number, _, text = line.partition(" ")
    assert verdict(Reply(command=command, code=int(number), message=text)) == (code, action)


def test_every_rule_is_shown_in_the_table() -> None:
    shown = [Reply(command=command, code=int(line[:3]), message=line[4:]) for command, line, _, _ in TABLE]
    assert {code for code, _ in [*ENHANCED.values(), *BASIC.values()]} <= {code for _, _, code, _ in TABLE}
    assert all(any(pattern.search(reply.words) for reply in shown) for pattern, _ in WORDS)


def test_every_code_has_its_words() -> None:
    assert {code for _, _, code, _ in TABLE} == set(_REASONS)


@pytest.mark.parametrize(
    ("text", "enhanced"),
    [
        ("5.1.1 <a@b.example>: unknown", "5.1.1"),
        ("5.7.515 Access denied", "5.7.515"),
        ("5.1.1 one\n5.1.1 two", "5.1.1"),
        ("Ok", None),
        ("1.2.3", None),
        ("5.1", None),
    ],
)
def test_the_enhanced_code_leads_the_text(text: str, enhanced: str | None) -> None:
    assert Reply(command=RCPT, code=550, message=text).enhanced == enhanced


GONE = {
    "550 5.1.1 <a@b.example>: user unknown",
    "550 5.1.2 Bad destination system",
    "553 5.1.3 Bad destination mailbox address syntax",
    "550 5.1.10 Recipient not found",
    "556 5.1.10 Null MX",
    "556 Domain does not accept mail",
    "550 5.2.1 Mailbox disabled",
}
DOUBTFUL = [
    (RCPT, "550 5.2.1 The mailbox is over quota"),
    (RCPT, "550 5.1.1 Blocked: listed as spam source"),
    (RCPT, "450 5.1.1 try again"),
    (MAIL, "553 5.1.3 Bad sender address syntax"),
]


@pytest.mark.parametrize(("command", "line"), [*((command, line) for command, line, _, _ in TABLE), *DOUBTFUL])
def test_only_an_address_that_does_not_exist_has_bounced(command: Command, line: str) -> None:
    reply = Reply(command=command, code=int(line[:3]), message=line[4:])
    assert outcome_of_reply(reply).mark is (Mark.BOUNCED if command is RCPT and line in GONE else None)

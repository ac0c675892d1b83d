import pytest

from shared.domain.outcome import Action, NotSent, Outcome, Sent
from tests.integration.channels.email.mail_server import LOGIN, authority, credentials, envelope, run, send, serving
from tests.integration.channels.email.test_sending import logins
from tests.schemas import provider_file

ACTIONS = {"RETRY": Action.RETRY, "NEXT": Action.NEXT, "PERM": Action.PERMANENT, "KEY": Action.KEY}

PINNED = [
    ("RCPT", "550 5.1.1 <ann@test.example>: Recipient address rejected: user unknown", "NEXT"),
    ("RCPT", "552 5.2.2 <ann@test.example>: Recipient address rejected: mailbox full", "NEXT"),
    ("RCPT", "451 4.7.1 <ann@test.example>: Recipient address rejected: greylisted, try again later", "RETRY"),
    ("RCPT", "554 5.7.1 <ann@test.example>: Recipient address rejected: message refused by policy", "PERM"),
    ("RCPT", "554 5.7.1 <ann@test.example>: Relay access denied (unauthenticated)", "KEY"),
    ("MAIL", "552 5.3.4 Message size exceeds fixed limit", "PERM"),
    ("MAIL", "450 4.7.1 Error: too much mail from 127.0.0.1", "RETRY"),
    ("END", "554 5.7.1 Message content rejected as spam", "PERM"),
    ("END", "550 5.7.26 This mail has been blocked because the sender is unauthenticated (SPF, DKIM)", "KEY"),
]


def to_reply(command: str, reply: str, target: str = "ann@test.example") -> Outcome:
    with serving({command: reply}) as server:
        return run(send(credentials(server), envelope(target)))


def to_wrong_password(reply: str) -> Outcome:
    own = authority()
    with serving({"AUTH": reply}, tls_context=own.server, **logins()) as server:
        return run(send(credentials(server, security="starttls", ca_certificate=own.pem, **LOGIN)))


@pytest.mark.parametrize(("command", "reply", "action"), PINNED)
def test_known_replies(command: str, reply: str, action: str) -> None:
    outcome = to_reply(command, reply)
    code, enhanced, _ = reply.split(" ", 2)
    assert isinstance(outcome, NotSent)
    assert outcome.action is ACTIONS[action]
    assert outcome.detail == {"code": int(code), "enhanced": enhanced, "message": reply.removeprefix(f"{code} ")}
    assert outcome.trace is not None
    assert (outcome.trace.status, outcome.trace.provider_code) == (int(code), enhanced)
    assert "ann@test.example" not in outcome.reason


@pytest.mark.parametrize("row", range(7))
def test_every_recipient_seen_on_a_real_server_leads_to_its_action(row: int) -> None:
    case = provider_file("smtp/cases.json")["rcpt"][row]
    accepted = case["action"] == "accept"
    outcome = to_reply("END" if accepted else "RCPT", case["reply"], case["to"])
    assert isinstance(outcome, Sent) if accepted else isinstance(outcome, NotSent) and outcome.action is ACTIONS[case["action"]]


def test_every_other_case_seen_on_a_real_server_leads_to_its_action() -> None:
    for case in provider_file("smtp/cases.json")["other"]:
        if case.get("action") in ACTIONS:
            outcome = to_wrong_password(case["reply"]) if "AUTH" in case["when"] else to_reply("MAIL", case["reply"])
            assert isinstance(outcome, NotSent)
            assert outcome.action is ACTIONS[case["action"]]


def test_no_case_is_left_out() -> None:
    cases = provider_file("smtp/cases.json")
    assert len(cases["rcpt"]) == 7
    several_recipients = [case for case in cases["other"] if case.get("action") not in ACTIONS]
    assert ["one good and one bad" in case["when"] or "two bad" in case["when"] for case in several_recipients] == [True, True]

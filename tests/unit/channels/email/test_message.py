import base64
import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.content import EmailBody
from tests.unit.channels.email import keys
from worker.channels.base import Envelope
from worker.channels.email import message

NOW = datetime(2026, 11, 20, 20, 19, 0, tzinfo=UTC)
URL = "https://antar.example/u/" + "x" * 300


def compose(envelope: Envelope, **fields: Any) -> message.Letter:
    assert isinstance(envelope.content, EmailBody)
    return message.compose(envelope, envelope.content, keys.credentials(**fields), NOW)


def parsed(letter: message.Letter) -> EmailMessage:
    read = email.message_from_bytes(letter.octets, policy=email.policy.SMTP)
    assert isinstance(read, EmailMessage)
    return read


def text_of(part: Any) -> str:
    return str(part.get_content()).replace("\r\n", "\n")


def test_the_message_has_the_headers_mail_needs() -> None:
    read = parsed(compose(keys.envelope(), from_name="antar"))
    assert read["Date"].datetime == NOW
    assert (read["From"], read["To"], read["Subject"]) == ("antar <no-reply@antar.example>", "ann@test.example", "Hello")
    assert read["MIME-Version"] == "1.0"
    assert read.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]
    assert len(read.get_all("Message-ID", [])) == 1


def test_the_plain_text_is_the_templates_own_or_read_from_the_html() -> None:
    own, _ = parsed(compose(keys.envelope(text="Written by hand"))).iter_parts()
    assert text_of(own) == "Written by hand\n"
    html = "<style>p {color: red}</style><h1>Grüße</h1><p>Hi <b>Ann</b> &amp; Bob</p><table><tr><td>1</td><td>2</td></tr></table>"
    derived, _ = parsed(compose(keys.envelope(html=html))).iter_parts()
    assert text_of(derived).split() == ["Grüße", "Hi", "Ann", "&", "Bob", "1", "2"]


def test_the_message_id_is_the_deliverys_and_stays() -> None:
    first, second = (compose(keys.envelope(), from_address="no-reply@bücher.example") for _ in range(2))
    assert first.message_id == second.message_id == "<0199c3a57e4c7cc19d2f5f2a4be0c0de@xn--bcher-kva.example>"
    assert parsed(first)["Message-ID"] == first.message_id
    assert message.delivery_id(first.message_id) == keys.DELIVERY


@given(st.uuids())
def test_a_message_id_leads_back_to_its_delivery(delivery: UUID) -> None:
    assert message.delivery_id(message.message_id(delivery, "a@b.example")) == delivery


@pytest.mark.parametrize("foreign", ["", "<abc@b.example>", "<CAJ+x@mail.example>", "0" * 32, "<" + "0" * 33 + "@b.example>"])
def test_a_foreign_message_id_leads_nowhere(foreign: str) -> None:
    assert message.delivery_id(foreign) is None


def test_one_click_unsubscription_survives_long_urls() -> None:
    letter = compose(keys.envelope(unsubscribe_url=URL))
    assert f"\r\nList-Unsubscribe: <{URL}>\r\n".encode() in letter.octets
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in letter.octets
    assert "List-Unsubscribe" not in parsed(compose(keys.envelope()))


@pytest.mark.parametrize(
    "subject", ["Hi\r\nBcc: bob@test.example", "Hi\n\n<html>", "Hi\x0bthere\x85", "Hi\u2028Bcc: x@y.example\x07", "\r\n"]
)
def test_a_subject_stays_one_header(subject: str) -> None:
    read = parsed(compose(keys.envelope(subject=subject)))
    assert read["Subject"] == " ".join("".join(character if character > "\x1f" else " " for character in subject).split())
    assert read["Bcc"] is None
    assert len(list(read.iter_parts())) == 2


def test_other_scripts_are_encoded_words() -> None:
    letter = compose(keys.envelope(subject="Grüße 😀 " * 20), from_name="Ünïcode, Inc.")
    letter.octets.decode("ascii")
    read = parsed(letter)
    assert read["Subject"] == ("Grüße 😀 " * 20).strip()
    assert read["From"].addresses[0].display_name == "Ünïcode, Inc."


def test_an_internationalised_mailbox_is_written_in_utf_8() -> None:
    letter = compose(keys.envelope("müller@test.example"))
    assert letter.needs_smtputf8
    assert "\r\nTo: müller@test.example\r\n".encode() in letter.octets
    assert not compose(keys.envelope()).needs_smtputf8


def test_the_longest_addresses_survive() -> None:
    target = "l" * 64 + "@" + ".".join(["b" * 59] * 3) + ".example"
    assert parsed(compose(keys.envelope(target)))["To"] == target


WRITTEN = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=2000)


@settings(max_examples=60, deadline=None)
@given(subject=WRITTEN, html=WRITTEN, text=st.none() | WRITTEN)
def test_whatever_is_written_is_a_message(subject: str, html: str, text: str | None) -> None:
    body = {"subject": subject, "html": html} | ({} if text is None else {"text": text})
    letter = compose(keys.envelope(unsubscribe_url=URL, **body))
    lines = letter.octets.split(b"\r\n")
    assert lines[-1] == b""
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert max(map(len, lines)) <= 998
    assert letter.octets.isascii()
    names = {
        "date",
        "from",
        "to",
        "subject",
        "message-id",
        "list-unsubscribe",
        "list-unsubscribe-post",
        "mime-version",
        "content-type",
    }
    assert {name.lower() for name in parsed(letter)} == names


def published(name: bytes, timeout: int = 5) -> bytes:
    """Answer in DNS's place."""
    assert timeout
    assert name == b"s1._domainkey.antar.example."
    public = keys.rsa_key().public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


def signed(envelope: Envelope) -> bytes:
    key = {"domain": "antar.example", "selector": "s1", "private_key": keys.pem(keys.rsa_key())}
    return compose(envelope, dkim=key).octets


@pytest.mark.parametrize("target", ["ann@test.example", "müller@test.example"])
def test_the_signature_holds(target: str) -> None:
    octets = signed(keys.envelope(target, unsubscribe_url=URL, subject="Grüße", html="<p>" + "ä" * 3000))
    assert octets.startswith(b"DKIM-Signature: ")
    assert dkim.verify(octets, dnsfunc=published)


def test_the_signature_covers_what_receivers_look_at() -> None:
    octets = signed(keys.envelope(unsubscribe_url=URL))
    for header in (b"Subject: ", b"To: ", b"List-Unsubscribe: <", b"Message-ID: <", b"Date: "):
        assert not dkim.verify(octets.replace(header, header + b"x", 1), dnsfunc=published)
    assert not dkim.verify(octets.replace(b"</p>", b"!</p>"), dnsfunc=published)
    assert dkim.verify(signed(keys.envelope()), dnsfunc=published)


def test_no_key_no_signature() -> None:
    assert b"DKIM-Signature" not in compose(keys.envelope()).octets

from typing import Any

import pytest
from pydantic import SecretStr

from shared import ids, unsubscribe
from shared.domain.channels import Channel
from shared.domain.content import EmailBody, Message, MessageType, TemplateMessage
from shared.domain.outcome import Action, Code, NotSent
from shared.vault import Vault
from tests.unit.deliver.conftest import StandIn, TokenCredentials
from tests.unit.factories import claim, template_claim
from worker.channels.base import Envelope
from worker.deliver import prepare

HI_ANN = Message(type=MessageType.TEXT, message="Hi Ann")
WABA_BODY = {"name": "hi", "language": "id", "components": [{"type": "BODY", "text": "Hi {{name}}"}]}


def test_inline_content_is_filled() -> None:
    given = claim()
    assert prepare.envelope(given) == Envelope(delivery_id=given.id, send_id=given.send_id, target="42", content=HI_ANN)


def test_the_target_is_the_address_and_not_what_was_written() -> None:
    ready = prepare.envelope(claim(target=" @Antar_News ", address="@antar_news"))
    assert isinstance(ready, Envelope)
    assert ready.target == "@antar_news"


def test_a_template_is_filled() -> None:
    ready = prepare.envelope(template_claim())
    assert isinstance(ready, Envelope)
    assert ready.content == HI_ANN


def test_a_waba_template_becomes_its_message() -> None:
    ready = prepare.envelope(template_claim(channel=Channel.WABA, template_body=WABA_BODY))
    assert isinstance(ready, Envelope)
    assert isinstance(ready.content, TemplateMessage)
    assert ready.content.components[0]["parameters"][0]["text"] == "Ann"


@pytest.mark.usefixtures("keys")
def test_an_email_bears_its_unsubscribe_link() -> None:
    given = template_claim(channel=Channel.EMAIL, template_body={"subject": "Hi {{name}}", "html": "<p>{{name}}</p>"})
    ready = prepare.envelope(given)
    assert isinstance(ready, Envelope)
    assert ready.content == EmailBody(subject="Hi Ann", html="<p>Ann</p>")
    assert ready.unsubscribe_url is not None
    assert unsubscribe.delivery(ready.unsubscribe_url.rpartition("/")[2]) == given.id


@pytest.mark.parametrize(
    ("changes", "code", "reason"),
    [
        ({"variables": {}}, Code.VARIABLES_MISSING, "missing variables: name"),
        (
            {"content": {"type": "text", "message": "{{b}} {{a}} {{b}}"}, "variables": {}},
            Code.VARIABLES_MISSING,
            "missing variables: b, a",
        ),
        ({"variables": {"name": "\0"}}, Code.CONTENT_INVALID, "the content with its variables is invalid: message"),
        (
            {"content": {"type": "image", "richContext": {"fileUrl": "{{name}}"}}, "variables": {"name": "\0"}},
            Code.CONTENT_INVALID,
            "the content with its variables is invalid: richContext.fileUrl",
        ),
        ({"content": None}, Code.CONTENT_INVALID, "the content with its variables is invalid: type"),
    ],
)
def test_what_keeps_content_from_being_sent(changes: dict[str, Any], code: Code, reason: str) -> None:
    assert prepare.envelope(claim(**changes)) == NotSent(code=code, reason=reason, action=Action.PERMANENT)


def test_a_template_of_another_channels_shape_is_named_by_its_field() -> None:
    stop = prepare.envelope(template_claim(channel=Channel.EMAIL))
    assert isinstance(stop, NotSent)
    assert (stop.code, stop.reason) == (Code.CONTENT_INVALID, "the content with its variables is invalid: subject")


def test_no_reason_repeats_a_value() -> None:
    stop = prepare.envelope(claim(variables={"name": "s3cret\0"}))
    assert isinstance(stop, NotSent)
    assert "s3cret" not in f"{stop}"


def test_a_claim_that_passed_no_guard_is_a_bug() -> None:
    with pytest.raises(ValueError, match="has not passed its guards"):
        prepare.envelope(claim(address=None))


UNREADABLE = NotSent(code=Code.CREDENTIALS_REJECTED, reason="the credentials of the telegram key cannot be read", action=Action.KEY)


@pytest.mark.usefixtures("adapter")
def test_credentials_are_decrypted_for_their_key(keys: Vault) -> None:
    key_id = ids.new()
    given = claim(key_id=key_id, credentials=keys.encrypt(key_id, {"token": "s3cret"}))
    assert prepare.credentials(given) == TokenCredentials(token=SecretStr("s3cret"))
    assert prepare.credentials(given) is prepare.credentials(given)


@pytest.mark.usefixtures("adapter")
def test_credentials_that_changed_are_read_again(keys: Vault) -> None:
    key_id = ids.new()
    read = [prepare.credentials(claim(key_id=key_id, credentials=keys.encrypt(key_id, {"token": token}))) for token in ("a", "b")]
    assert read == [TokenCredentials(token=SecretStr("a")), TokenCredentials(token=SecretStr("b"))]


@pytest.mark.usefixtures("adapter", "keys")
@pytest.mark.parametrize("credentials", [b"", b"test:", b"test:short", b"test:" + b"x" * 60, b"lost:" + b"x" * 60])
def test_what_no_key_opens_suspends_the_key(credentials: bytes) -> None:
    assert prepare.credentials(claim(credentials=credentials)) == UNREADABLE


@pytest.mark.usefixtures("adapter")
@pytest.mark.parametrize("document", [{}, {"token": 5}, {"token": "s3cret", "mood": "good"}])
def test_credentials_of_another_shape_suspend_the_key(keys: Vault, document: dict[str, Any]) -> None:
    key_id = ids.new()
    assert prepare.credentials(claim(key_id=key_id, credentials=keys.encrypt(key_id, document))) == UNREADABLE


@pytest.mark.usefixtures("adapter")
def test_credentials_of_another_key_suspend_the_key(keys: Vault) -> None:
    assert prepare.credentials(claim(credentials=keys.encrypt(ids.new(), {"token": "s3cret"}))) == UNREADABLE


def test_the_stand_in_holds_to_the_interface(adapter: StandIn) -> None:
    assert adapter.calls == []

"""What the channel settles without a call, and what its keys hold."""

import asyncio
from typing import Any
from unittest.mock import Mock

import pytest
from pydantic import ValidationError

from shared.credentials.whatsapp import GatewayName, WhatsappCredentials
from shared.domain.channels import Channel
from shared.domain.content import EmailBody, Rendered, TemplateMessage
from shared.domain.outcome import Action, Code, NotSent
from tests.integration.channels.loopback import envelope
from tests.integration.channels.samples import message
from worker import channels
from worker.channels.whatsapp.adapter import GATEWAYS, WhatsappAdapter, build

WAHA = {"gateway": "waha", "base_url": "http://waha:3000", "api_key": "s3cr3t"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (message("text", ""), Code.CONTENT_INVALID),
        (message("image"), Code.CONTENT_INVALID),
        (TemplateMessage(name="a", language="id"), Code.CONTENT_UNSUPPORTED),
        (EmailBody(subject="a", html="b"), Code.CONTENT_UNSUPPORTED),
    ],
)
def test_what_no_device_can_send_is_refused_without_a_call(content: Rendered, code: Code) -> None:
    credentials = WhatsappCredentials.model_validate(WAHA)
    outcome = asyncio.run(build().send(envelope(content), credentials, Mock(spec=[])))
    assert isinstance(outcome, NotSent)
    assert (outcome.code, outcome.action, outcome.trace) == (code, Action.PERMANENT, None)


def test_every_gateway_has_its_module() -> None:
    assert set(GATEWAYS) == set(GatewayName)


def test_channel_finds_its_adapter() -> None:
    assert isinstance(channels.adapter(Channel.WHATSAPP), WhatsappAdapter)


@pytest.mark.parametrize(
    "key",
    [
        WAHA,
        {**WAHA, "session": "sales"},
        {"gateway": "gowa", "base_url": "http://gowa:3000", "api_key": "user:password", "session": "device-1"},
        {"gateway": "fonnte", "base_url": "https://api.fonnte.com", "api_key": "sUqjkKH+UG+@3SmnKrhz"},
    ],
)
def test_key_of_every_gateway_is_taken(key: dict[str, Any]) -> None:
    held = {**key, "webhook_secret": "hmac-key"}
    shown = repr(WhatsappCredentials.model_validate(held))
    assert not any(secret in shown for secret in (key["api_key"], "hmac-key"))


@pytest.mark.parametrize(
    "fault",
    [
        {"gateway": "evolution"},
        {"base_url": "waha:3000"},
        {"api_key": ""},
        {"api_key": "a\nb"},
        {"session": "a\r\nb"},
        {"gateway": "gowa"},
        {"token": "unknown"},
        {"webhook_secret": ""},
    ],
)
def test_key_that_cannot_work_is_refused(fault: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refusal:
        WhatsappCredentials.model_validate({**WAHA, **fault})
    assert "s3cr3t" not in str(refusal.value)

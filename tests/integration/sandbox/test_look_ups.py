"""The sandbox gives back a message that was accepted by the id its client chose, as WAHA does."""

import asyncio

import pytest

from deploy.local.sandbox import accounts
from shared.credentials.whatsapp import WhatsappCredentials
from shared.domain.outcome import Sent, Unknown
from tests.integration.channels.loopback import DELIVERY, NUMBER, envelope, wired
from tests.integration.channels.samples import MESSAGES
from tests.integration.sandbox.conftest import Sandbox
from worker.channels.base import Absence
from worker.channels.whatsapp.adapter import WhatsappAdapter


def send_and_look_up(sandbox: Sandbox, content: str) -> tuple[object, Sent | Absence]:
    key = WhatsappCredentials.model_validate(accounts.waha(sandbox.base))

    async def scenario() -> tuple[object, Sent | Absence]:
        async with wired() as wires:
            outcome = await WhatsappAdapter().send(envelope(MESSAGES[content]), key, wires)
            return outcome, await WhatsappAdapter().look_up(DELIVERY, NUMBER, key, wires)

    return asyncio.run(scenario())


@pytest.mark.parametrize("content", ["text", "location"])
def test_what_was_accepted_is_found_by_our_id(sandbox: Sandbox, content: str) -> None:
    sandbox.fault("whatsapp", "drop_after")
    outcome, found = send_and_look_up(sandbox, content)
    assert isinstance(outcome, Unknown)
    assert isinstance(found, Sent)
    assert found.provider_message_id == sandbox.messages()[0]["provider_message_id"]


def test_what_was_not_accepted_is_not_found(sandbox: Sandbox) -> None:
    sandbox.fault("whatsapp", "drop_before")
    outcome, found = send_and_look_up(sandbox, "text")
    assert isinstance(outcome, Unknown)
    assert found is Absence.SO_FAR


def test_a_file_is_not_found_for_its_id_is_waha_s_own(sandbox: Sandbox) -> None:
    sandbox.fault("whatsapp", "drop_after")
    _, found = send_and_look_up(sandbox, "image")
    assert found is Absence.SO_FAR
    assert len(sandbox.messages()) == 1

"""Finding a message again at its gateway: what is found was sent, and what is not proves nothing."""

from typing import Any

import pytest

from shared.credentials.whatsapp import WhatsappCredentials
from shared.domain.outcome import Sent
from tests.integration.channels.loopback import DELIVERY, NUMBER, Call, Reply, run, serving, wired
from tests.integration.channels.whatsapp.sending import KEYS
from worker.channels.base import Absence
from worker.channels.whatsapp.adapter import WhatsappAdapter

_OURS = "3EB00192F3A45B6C7D8E9F0123456789ABC1"
_FULL = f"true_{NUMBER}@c.us_{_OURS}"


def look_up(gateway: str, *replies: Reply, target: str = NUMBER, **key: Any) -> tuple[list[Call], Sent | Absence]:
    async def scenario() -> tuple[list[Call], Sent | Absence]:
        async with serving(*replies) as provider, wired() as wires:
            credentials = WhatsappCredentials.model_validate({**KEYS[gateway], "base_url": f"{provider.base_url}/wa/", **key})
            return provider.calls, await WhatsappAdapter().look_up(DELIVERY, target, credentials, wires)

    return run(scenario())


@pytest.mark.parametrize("ack", [0, 1, 2, 3, 4, None])
def test_what_waha_has_was_sent(ack: int | None) -> None:
    calls, found = look_up("waha", Reply(200, {"id": _FULL, "fromMe": True, "ack": ack}))
    assert isinstance(found, Sent)
    assert found.provider_message_id == _FULL
    (call,) = calls
    assert (call.method, call.path) == ("GET", f"/wa/api/sales/chats/{NUMBER}@c.us/messages/{_FULL}")
    assert call.headers["x-api-key"] == "secret"
    assert found.trace is not None
    assert found.trace.request == "GET /api/*/chats/*/messages/*"


def test_a_group_is_asked_by_its_own_id() -> None:
    calls, _ = look_up("waha", Reply(404, {}), target="120363042@g.us", session=None)
    assert calls[0].path == f"/wa/api/default/chats/120363042@g.us/messages/true_120363042@g.us_{_OURS}"


def test_the_participant_of_a_group_is_in_the_id_that_is_found() -> None:
    full = f"true_120363042@g.us_{_OURS}_{NUMBER}@c.us"
    _, found = look_up("waha", Reply(200, {"id": full, "ack": 1}), target="120363042@g.us")
    assert isinstance(found, Sent)
    assert found.provider_message_id == full


@pytest.mark.parametrize(
    "reply",
    [
        Reply(404, {"message": "Message not found", "statusCode": 404}),
        Reply(200, ""),
        Reply(200, None),
        Reply(200, {}),
        Reply(200, []),
        Reply(200, {"id": _FULL, "ack": -1, "ackName": "ERROR"}),
        Reply(200, {"id": f"true_{NUMBER}@c.us_3EB0B430B6F8F1D0E053", "ack": 1}),
        Reply(401, {"message": "Unauthorized"}),
        Reply(422, {"status": "SCAN_QR_CODE", "expected": ["WORKING"]}),
        Reply(500, {"exception": {"message": "trouble"}}),
        Reply(503, "<html>"),
    ],
)
def test_what_waha_does_not_have_proves_nothing(reply: Reply) -> None:
    assert look_up("waha", reply)[1] is Absence.SO_FAR


def test_a_gateway_out_of_reach_proves_nothing() -> None:
    assert look_up("waha", Reply(), base_url="http://127.0.0.1:1")[1] is Absence.SO_FAR


@pytest.mark.parametrize("gateway", ["gowa", "fonnte"])
def test_the_other_gateways_are_not_even_asked(gateway: str) -> None:
    calls, found = look_up(gateway, Reply())
    assert (calls, found) == ([], Absence.FOR_GOOD)

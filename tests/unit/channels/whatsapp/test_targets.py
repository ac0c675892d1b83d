"""Whom a device writes to, as its gateway spells it."""

import pytest

from tests.integration.channels.loopback import DELIVERY
from worker.channels.whatsapp.gateway import Delivery
from worker.channels.whatsapp.rendering import Text


@pytest.mark.parametrize(
    ("target", "chat_id"),
    [("6281234567890", "6281234567890@c.us"), ("120363042@g.us", "120363042@g.us"), ("99887766@lid", "99887766@lid")],
)
def test_person_is_written_as_the_gateway_does(target: str, chat_id: str) -> None:
    assert Delivery(id=DELIVERY, target=target, content=Text(body="Hi")).chat_id("c.us") == chat_id

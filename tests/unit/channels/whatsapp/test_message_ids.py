"""Message ids that lead back to their deliveries."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.channels.whatsapp import message_ids

DELIVERY = UUID("0192f3a4-5b6c-7d8e-9f01-23456789abc1")


def test_id_is_whatsapp_s_prefix_and_the_delivery_s_digits() -> None:
    assert message_ids.message_id(DELIVERY) == "3EB00192F3A45B6C7D8E9F0123456789ABC1"


@given(st.uuids())
def test_id_leads_back(delivery: UUID) -> None:
    assert message_ids.delivery_id(message_ids.message_id(delivery)) == delivery


@pytest.mark.parametrize(
    "message_id",
    [
        "true_6281234567890@c.us_3EB00192F3A45B6C7D8E9F0123456789ABC1",
        "true_120363042@g.us_3EB00192F3A45B6C7D8E9F0123456789ABC1_6281234567890@c.us",
    ],
)
def test_waha_s_long_form_leads_back(message_id: str) -> None:
    assert message_ids.delivery_id(message_id) == DELIVERY


@pytest.mark.parametrize(
    "message_id",
    [
        "",
        "3EB0",
        "3EB0B430B6F8F1D0E053",
        "AAAA0192F3A45B6C7D8E9F0123456789ABC1",
        "3EB00192f3a45b6c7d8e9f0123456789abc1",
        "3EB00192F3A45B6C7D8E9F0123456789ABC1F",
        "F3EB00192F3A45B6C7D8E9F0123456789ABC1",
    ],
)
def test_id_of_another_leads_nowhere(message_id: str) -> None:
    assert message_ids.delivery_id(message_id) is None

"""Whom a device can write to."""

import pytest

from worker.channels.whatsapp import targets
from worker.channels.whatsapp.adapter import build


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ("+62 812-3456-7890", "6281234567890"),
        ("6281234567890@c.us", "6281234567890"),
        ("6281234567890@s.whatsapp.net", "6281234567890"),
        (" 120363042@G.US ", "120363042@g.us"),
        ("6281-1600@g.us", "6281-1600@g.us"),
        ("99887766@lid", "99887766@lid"),
    ],
)
def test_target_has_one_form(written: str, target: str) -> None:
    assert build().normalise_target(written) == target


@pytest.mark.parametrize("written", ["", "budi", "budi@example.com", "@g.us", "abc@g.us", "123@c.us", "123@newsletter", "1,2@g.us"])
def test_target_out_of_reach_is_none(written: str) -> None:
    assert build().normalise_target(written) is None


def test_person_is_written_as_the_gateway_does() -> None:
    assert targets.chat_id("6281234567890", "c.us") == "6281234567890@c.us"
    assert targets.chat_id("120363042@g.us", "c.us") == "120363042@g.us"

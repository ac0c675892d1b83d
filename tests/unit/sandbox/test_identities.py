"""Antar's own id, recovered from where each wire carries it."""

from uuid import UUID

import pytest

from deploy.local.sandbox import accounts, cloud_api, mail, waha

_ID = "019a0b2c-3d4e-7f60-8182-93a4b5c6d7e8"
_HEX = UUID(_ID).hex


@pytest.mark.parametrize("message_id", [f"3EB0{_HEX.upper()}", f"true_628111@c.us_3EB0{_HEX.upper()}"])
def test_waha_carries_it_in_the_message_id(message_id: str) -> None:
    assert waha.delivery_id(message_id) == _ID


@pytest.mark.parametrize("message_id", ["3EB0A1B2C3D4E5F6A7B8C9", _HEX.upper(), ""])
def test_another_waha_id_is_none_of_ours(message_id: str) -> None:
    assert waha.delivery_id(message_id) is None


def test_the_cloud_api_carries_it_as_opaque_data() -> None:
    assert cloud_api.delivery_id(_ID) == _ID
    assert cloud_api.delivery_id("order 17") is None


@pytest.mark.parametrize("header", ["Message-ID: <{}@shop.example>", "message-id:\r\n <{}@shop.example>"])
def test_email_carries_it_in_the_message_id(header: str) -> None:
    raw = f"From: a@b.example\r\n{header.format(_HEX)}\r\nSubject: x\r\n\r\nbody".encode()
    assert mail.delivery_id(raw) == _ID
    assert mail.message_id(raw) == f"<{_HEX}@shop.example>"


@pytest.mark.parametrize("raw", [b"Message-ID: <x@y>\r\n\r\n", b"Subject: x\r\n\r\nMessage-ID: <" + _HEX.encode() + b"@y>"])
def test_another_message_id_is_none_of_ours(raw: bytes) -> None:
    assert mail.delivery_id(raw) is None


def test_every_number_is_an_account_of_its_own() -> None:
    makers = (accounts.waha, accounts.gowa, accounts.fonnte, accounts.waba, accounts.telegram)
    for maker in makers:
        assert maker("http://x", 1) != maker("http://x", 2)
    assert accounts.email("h", 25, 1) != accounts.email("h", 25, 2)


def test_a_bot_token_is_read() -> None:
    token = accounts.telegram("")["bot_token"]
    assert accounts.read_bot_token(token) == (7_000_000_001, True)
    assert accounts.read_bot_token("123:AAA") == (123, False)
    assert accounts.read_bot_token("nonsense") is None
    assert len(token.partition(":")[2]) == 35

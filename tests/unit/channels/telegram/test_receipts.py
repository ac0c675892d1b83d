"""Updates of the Bot API."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from worker.channels.base import Inbound, News, Wish
from worker.channels.telegram import receipts

_AT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
_DATE = int(_AT.timestamp())
_CHAT = {"id": 42, "type": "private", "first_name": "Ann"}


def read(**update: Any) -> News:
    return receipts.read(json.dumps({"update_id": 1, **update}).encode())


def message(**more: Any) -> dict[str, Any]:
    return {"message_id": 7, "from": {"id": 42, "first_name": "Ann", "last_name": "Lee"}, "chat": _CHAT, "date": _DATE, **more}


def test_a_text_is_what_a_person_wrote() -> None:
    expected = Inbound(provider_message_id="42:7", address="42", at=_AT, kind="text", text="STOP", name="Ann Lee")
    assert read(message=message(text="STOP")) == News(inbound=(expected,))


def test_a_caption_is_what_was_written_beside_a_file() -> None:
    (inbound,) = read(message=message(photo=[{"file_id": "a"}], caption="look")).inbound
    assert (inbound.kind, inbound.text) == ("photo", "look")


@pytest.mark.parametrize("status", ["kicked", "member"])
def test_who_blocks_a_bot_wants_no_messages(status: str) -> None:
    change = {"chat": _CHAT, "from": {"id": 42}, "date": _DATE, "new_chat_member": {"status": status}}
    assert read(my_chat_member=change) == News(wishes=(Wish(address="42", at=_AT, wants=status == "member"),))


@pytest.mark.parametrize(
    "update",
    [
        {},
        {"edited_message": message(text="STOP")},
        {"message": message(text="STOP", chat={"id": -100, "type": "group"})},
        {"message": message(text="STOP", chat={"id": -100123, "type": "supergroup"})},
        {"message": message(text="STOP", chat={"id": "42", "type": "private"})},
        {"message": message(text="STOP", chat={"id": 2**60, "type": "private"})},
        {"message": message(text="STOP", date=None)},
        {"message": message(text="STOP", message_id=True)},
        {"my_chat_member": {"chat": {"id": -5, "type": "group"}, "date": _DATE, "new_chat_member": {"status": "kicked"}}},
        {"my_chat_member": {"chat": _CHAT, "date": _DATE, "new_chat_member": {"status": "restricted"}}},
        {"callback_query": {"id": "1"}},
    ],
)
def test_the_rest_tells_nothing_of_a_person(update: dict[str, Any]) -> None:
    assert read(**update) == News()

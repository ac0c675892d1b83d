"""Whatever is posted in the place of a webhook is read or refused, by every reader."""

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.receipts import reading

_NAMES = ["entry", "changes", "value", "statuses", "messages", "contacts", "metadata", "phone_number_id", "display_phone_number"]
_MORE = [
    "event",
    "payload",
    "id",
    "ids",
    "status",
    "ack",
    "from",
    "to",
    "chat_id",
    "timestamp",
    "errors",
    "code",
    "user_preferences",
]
_LAST = [
    "message",
    "my_chat_member",
    "chat",
    "date",
    "message_id",
    "new_chat_member",
    "type",
    "text",
    "body",
    "_data",
    "Info",
    "key",
]
_TELLING = [
    "message.ack",
    "message",
    "session.status",
    "failed",
    "sent",
    "stop",
    "private",
    "kicked",
    "6281234567890",
    "1@lid",
    "true_1_2",
]
_NUMBERS = st.integers() | st.sampled_from([10**30, -1, 10**12, 10**400]) | st.floats()

anything = st.recursive(
    st.none() | st.booleans() | _NUMBERS | st.text(max_size=8) | st.sampled_from(_TELLING),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*_NAMES, *_MORE, *_LAST]), inner),
    max_leaves=30,
)
whole: dict[str, Callable[[Any], dict[str, Any]]] = {
    "waba": lambda value: {"entry": [{"changes": [{"value": value}]}]},
    "waha": lambda payload: {"event": "message", "timestamp": payload, "payload": payload},
    "gowa": lambda payload: {"event": "message", "payload": payload},
    "telegram": lambda message: {"message": message, "my_chat_member": message},
}


@pytest.mark.parametrize("provider", reading.READERS)
@settings(deadline=None)
@given(inner=anything, event=st.sampled_from(_TELLING))
def test_any_json_is_read(provider: str, inner: Any, event: str) -> None:
    document = whole[provider](inner)
    for given_one in (inner, document, {**document, "event": event}):
        reading.READERS[provider](json.dumps(given_one).encode())


@pytest.mark.parametrize("provider", reading.READERS)
@settings(deadline=None)
@given(body=st.binary(max_size=64))
def test_any_bytes_are_read_or_refused(provider: str, body: bytes) -> None:
    with contextlib.suppress(ValueError):
        reading.READERS[provider](body)


@pytest.mark.parametrize("provider", reading.READERS)
@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"1" * 5000])
def test_no_json_is_refused(provider: str, body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        reading.READERS[provider](body)

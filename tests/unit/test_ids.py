import time
from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import ids

PREFIXES = [ids.SEND, ids.DELIVERY, ids.ACCOUNT, ids.KEY, ids.REQUEST, ids.INBOX]
LARGEST = UUID(int=(1 << 128) - 1)

prefixes = st.sampled_from(PREFIXES)


@given(prefix=prefixes, identifier=st.uuids())
@settings(max_examples=100, deadline=None)
def test_what_is_written_reads_back(prefix: str, identifier: UUID) -> None:
    written = ids.encode(prefix, identifier)
    assert written.startswith(f"{prefix}_")
    assert len(written) == len(prefix) + 27
    assert ids.decode(prefix, written) == identifier


@given(a=st.uuids(), b=st.uuids())
@settings(max_examples=100, deadline=None)
def test_what_is_written_sorts_as_the_ids_do(a: UUID, b: UUID) -> None:
    assert (a < b) == (ids.encode(ids.SEND, a) < ids.encode(ids.SEND, b))


def test_prefixes_differ() -> None:
    assert len(set(PREFIXES)) == len(PREFIXES)


def test_one_literal_each_way() -> None:
    assert ids.encode("snd", UUID(int=0)) == "snd_" + "0" * 26
    assert ids.encode("snd", UUID(int=31)) == "snd_" + "0" * 25 + "Z"
    assert ids.encode("snd", LARGEST) == "snd_7" + "Z" * 25


@pytest.mark.parametrize(
    "text",
    [
        "",
        "snd",
        "snd_",
        "_" + "0" * 26,
        "0" * 26,
        "dlv_" + "0" * 26,
        "SND_" + "0" * 26,
        "snd-" + "0" * 26,
        "snd_" + "0" * 25,
        "snd_" + "0" * 27,
        "snd_" + "0" * 25 + "z",
        "snd_" + "0" * 25 + "I",
        "snd_" + "0" * 25 + "L",
        "snd_" + "0" * 25 + "O",
        "snd_" + "0" * 25 + "U",
        "snd_" + "0" * 25 + "\n",
        "snd_" + "0" * 25 + "\u0660",
        " snd_" + "0" * 26,
        "snd_8" + "0" * 25,
        "snd_" + "Z" * 26,
        "snd_snd_" + "0" * 22,
    ],
)
def test_anything_else_is_none(text: str) -> None:
    assert ids.decode("snd", text) is None


@given(prefix=prefixes, text=st.text())
@settings(max_examples=100, deadline=None)
def test_reading_never_raises(prefix: str, text: str) -> None:
    identifier = ids.decode(prefix, f"{prefix}_{text}")
    assert identifier is None or ids.encode(prefix, identifier) == f"{prefix}_{text}"


def test_ids_sort_by_the_time_they_were_made() -> None:
    made = []
    for _ in range(5):
        made.append(ids.new_send())
        time.sleep(0.002)
    assert all(earlier < later for earlier, later in pairwise(made))


def test_an_id_begins_with_its_millisecond() -> None:
    before = time.time_ns() // 1_000_000
    made = [ids.new().int >> 80, ids.new_send().int >> 80]
    assert all(before <= moment <= time.time_ns() // 1_000_000 for moment in made)
    assert datetime.fromtimestamp(made[0] / 1000, UTC).year >= 2025


def test_ids_are_uuids_of_version_7_and_differ() -> None:
    made = [ids.new_send() for _ in range(1000)] + [ids.new() for _ in range(1000)]
    assert {identifier.version for identifier in made} == {7}
    assert len(set(made)) == 2000


def test_deliveries_lie_right_after_their_send() -> None:
    send = ids.new_send()
    deliveries = [ids.delivery_of(send, number) for number in range(1, ids.MAX_DELIVERIES + 1)]
    assert [delivery.int - send.int for delivery in deliveries] == list(range(1, 16))
    assert {ids.send_of(delivery) for delivery in deliveries} == {send}
    assert ids.send_of(send) == send


@pytest.mark.parametrize("number", [-1, 0, 16, 17])
def test_a_send_has_no_more_deliveries_than_its_id_has_room_for(number: int) -> None:
    with pytest.raises(ValueError, match=f"1 to 15, not {number}"):
        ids.delivery_of(ids.new_send(), number)

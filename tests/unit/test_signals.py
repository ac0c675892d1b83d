from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from shared import signals


@given(send_ids=st.lists(st.uuids()))
@settings(max_examples=100, deadline=None)
def test_what_is_packed_unpacks(send_ids: list[UUID]) -> None:
    assert signals.unpack(signals.pack(send_ids)) == send_ids


@given(send_ids=st.lists(st.uuids()), noise=st.binary(max_size=15))
@settings(max_examples=100, deadline=None)
def test_an_id_that_was_cut_is_left_out(send_ids: list[UUID], noise: bytes) -> None:
    assert signals.unpack(signals.pack(send_ids) + noise) == send_ids


def test_each_process_listens_to_its_own_channel() -> None:
    assert signals.settled_channel("a") != signals.settled_channel("b") != signals.REVOKED

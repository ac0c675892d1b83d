"""Receipts only move forward, and each says of a delivery no more than it proves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import receipts
from shared.domain.receipts import Receipt
from shared.domain.states import DeliveryState

SENT, DELIVERED, READ, FAILED = Receipt.SENT, Receipt.DELIVERED, Receipt.READ, Receipt.FAILED

held = st.none() | st.sampled_from(Receipt)
came = st.sampled_from(Receipt)


@pytest.mark.parametrize(
    ("order", "last"),
    [
        ([SENT, DELIVERED, READ], READ),
        ([READ, DELIVERED, SENT], READ),
        ([SENT, FAILED], FAILED),
        ([FAILED, SENT], FAILED),
        ([DELIVERED, FAILED], DELIVERED),
        ([FAILED, DELIVERED], DELIVERED),
        ([FAILED, FAILED], FAILED),
    ],
)
def test_the_furthest_stays(order: list[Receipt], last: Receipt) -> None:
    known: Receipt | None = None
    for receipt in order:
        known = receipts.furthest(known, receipt)
    assert known is last


@given(held, came, came)
def test_neither_order_nor_repeats_matter(before: Receipt | None, one: Receipt, other: Receipt) -> None:
    there = receipts.furthest(receipts.furthest(before, one), other)
    assert receipts.furthest(receipts.furthest(before, other), one) is there
    assert receipts.furthest(there, one) is there


@pytest.mark.parametrize("state", DeliveryState)
@pytest.mark.parametrize("receipt", [SENT, DELIVERED, READ])
def test_what_was_sent_is_sent_whatever_was_believed(state: DeliveryState, receipt: Receipt) -> None:
    untold = state in {DeliveryState.WAITING, DeliveryState.CLAIMED, DeliveryState.SENT}
    assert receipts.resolution(state, None, receipt) is (None if untold else DeliveryState.SENT)
    assert not receipts.must_wait(state, receipt)


@pytest.mark.parametrize("state", DeliveryState)
def test_a_failure_is_news_of_what_was_sent_or_may_have_been(state: DeliveryState) -> None:
    news = state in {DeliveryState.UNKNOWN, DeliveryState.SENT}
    for held in (None, SENT, FAILED):
        assert receipts.resolution(state, held, FAILED) is (DeliveryState.FAILED if news else None)
    for held in (DELIVERED, READ):
        assert receipts.resolution(state, held, FAILED) is not DeliveryState.FAILED
    assert receipts.must_wait(state, FAILED) is (state in {DeliveryState.QUEUED, DeliveryState.CLAIMED})


def test_a_failure_that_comes_late_changes_nothing_for_what_arrived() -> None:
    assert receipts.resolution(DeliveryState.UNKNOWN, DELIVERED, FAILED) is DeliveryState.SENT


def test_sent_is_no_news_after_a_failure() -> None:
    assert receipts.resolution(DeliveryState.FAILED, FAILED, SENT) is None
    assert receipts.resolution(DeliveryState.FAILED, FAILED, DELIVERED) is DeliveryState.SENT

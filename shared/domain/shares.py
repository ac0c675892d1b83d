"""Which accounts have more waiting than their share, so that what they add waits apart from what others send."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from uuid import UUID


def least(share: int) -> int:
    """Give how much of one account may wait at the most when it is within its share again.

    Half of it: else what an account adds would go to and fro.
    """
    return share // 2


def beyond(before: AbstractSet[UUID], waiting: Mapping[UUID, int], share: int) -> frozenset[UUID]:
    """Name the accounts beyond their share, by how much of each waits and by which were ``before``."""
    return frozenset(
        account for account, number in waiting.items() if number > share or (account in before and number > least(share))
    )

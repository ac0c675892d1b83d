"""Every status that Meta documents has a meaning here."""

import pytest

from shared.db.tables.templates import STATUSES
from shared.domain.template_standings import STANDINGS, standing

_DOCUMENTED = {
    "APPROVED": ("approved", False),
    "ARCHIVED": ("approved", True),
    "DELETED": ("approved", True),
    "DISABLED": ("approved", True),
    "FLAGGED": ("approved", False),
    "IN_APPEAL": ("pending", False),
    "LIMIT_EXCEEDED": ("pending", False),
    "LOCKED": ("approved", False),
    "PAUSED": ("approved", True),
    "PENDING": ("pending", False),
    "PENDING_DELETION": ("approved", True),
    "REINSTATED": ("approved", False),
    "REJECTED": ("rejected", False),
    "UNARCHIVED": ("approved", False),
}
"""The values of ``event`` in Meta's reference of ``message_template_status_update``, with what is made of each."""


def test_every_documented_status_is_mapped_and_no_other() -> None:
    assert {name: (each.status, each.off) for name, each in STANDINGS.items()} == _DOCUMENTED


@pytest.mark.parametrize("name", STANDINGS)
def test_what_is_not_sent_says_why_unless_it_waits(name: str) -> None:
    found = STANDINGS[name]
    assert found.status in STATUSES
    sendable = found.status == "approved" and not found.off
    assert found.reason is None if sendable or name == "PENDING" else found.reason


@pytest.mark.parametrize(
    ("status", "reason", "said"),
    [
        ("REJECTED", "SCAM", "Meta has rejected it: SCAM"),
        ("REJECTED", "NONE", "Meta has rejected it"),
        ("REJECTED", None, "Meta has rejected it"),
        ("APPROVED", "NONE", None),
        ("PAUSED", "SCAM", "Meta has paused it for its quality"),
    ],
)
def test_a_rejection_has_meta_s_reason(status: str, reason: str | None, said: str | None) -> None:
    found = standing(status, reason)
    assert found is not None
    assert found.reason == said


@pytest.mark.parametrize("status", ["", "approved", "SOMETHING_NEW"])
def test_what_is_not_documented_means_nothing(status: str) -> None:
    assert standing(status) is None

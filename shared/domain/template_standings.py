"""What each status of a template at Meta means here.

The statuses are those of the edge ``message_templates`` and of the webhook ``message_template_status_update`` (Meta, WhatsApp
Business Platform: webhook reference of ``message_template_status_update``, as of May 2026).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How a template stands here."""

    status: str
    """``pending``, ``approved`` or ``rejected``."""
    reason: str | None = None
    """Why it is not sent, for its author."""
    off: bool = False
    """Whether Meta has switched off what it had approved: it may come back by itself."""


_APPROVED: Final = Standing(status="approved")
_PENDING: Final = Standing(status="pending")


def _off(reason: str) -> Standing:
    return Standing(status="approved", reason=reason, off=True)


STANDINGS: Final[Mapping[str, Standing]] = {
    "APPROVED": _APPROVED,
    "FLAGGED": _APPROVED,
    "REINSTATED": _APPROVED,
    "UNARCHIVED": _APPROVED,
    "LOCKED": _APPROVED,
    "PENDING": _PENDING,
    "IN_APPEAL": Standing(status="pending", reason="Meta looks at the appeal against its rejection"),
    "LIMIT_EXCEEDED": Standing(status="pending", reason="the business account has as many templates as Meta allows"),
    "REJECTED": Standing(status="rejected", reason="Meta has rejected it"),
    "PAUSED": _off("Meta has paused it for its quality"),
    "DISABLED": _off("Meta has disabled it for what people say of it"),
    "ARCHIVED": _off("Meta has archived it because it was not used"),
    "PENDING_DELETION": _off("it is being deleted at Meta"),
    "DELETED": _off("it was deleted at Meta"),
}
"""By Meta's status. One that is flagged, at risk of being paused, can be sent; of one that is locked only the text stands fast."""

GONE: Final = "Meta has it no more"
"""Why a template is not sent that Meta lists no longer."""

_NO_REASON: Final = frozenset({"", "NONE"})


def standing(status: str, rejected_reason: str | None = None) -> Standing | None:
    """Give what a status means, with Meta's reason of a rejection; ``None`` for one that is not documented."""
    found = STANDINGS.get(status)
    if found is None or found.status != "rejected" or (rejected_reason or "") in _NO_REASON:
        return found
    return Standing(status=found.status, reason=f"{found.reason}: {rejected_reason}")

"""What follows a change after which tokens mean something else: every api process forgets what it knows of them."""

from typing import Final

import structlog

from api import auth, channel_keys
from shared import signals

_log: Final = structlog.get_logger("revocations")


def forget() -> None:
    """Forget every token here: that of an account, and that of a channel key."""
    auth.forget()
    channel_keys.forget()


def announce() -> None:
    """Forget here and tell the other processes, after the commit.

    With Redis away they go by what they know for ``ANTAR_TOKEN_CACHE_SECONDS`` at the longest.
    """
    forget()
    try:
        signals.announce_revoked()
    except signals.Unheard:
        _log.warning("revocations.unheard")

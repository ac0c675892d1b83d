"""How fast a bot may write to one chat. Telegram leaves its limits open; these are the figures of its FAQ for bots."""

from typing import Final

from shared.domain.pacing import Limit, Pace

_CHAT: Final = Limit(interval=1.0, burst=5)
"""One message a second, and short bursts pass."""
_GROUP: Final = Limit(interval=4.0, burst=5)
"""Twenty messages in any minute."""


def _recipient(address: str) -> Limit:
    """Tell a group or channel by its negative number or its name."""
    return _GROUP if address.startswith(("-", "@")) else _CHAT


PACE: Final = Pace(recipient=_recipient, after_pause=Limit(interval=0.05, burst=1))
"""A bot begins anew with 20 messages a second: about 30 are what Telegram takes in all."""

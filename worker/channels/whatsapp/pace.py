"""How fast a WhatsApp device may write: nobody publishes it, so that only a key's own rate says."""

from typing import Final

from shared.domain.pacing import Limit, Pace

PACE: Final = Pace(recipient=lambda _: None, after_pause=Limit(interval=0.5, burst=1))
"""A device begins anew with 2 messages a second: a cautious guess, since nobody publishes a figure."""

"""How fast a mail server lets a sender submit: each has limits of its own, which only a key's rate can say."""

from typing import Final

from shared.domain.pacing import Limit, Pace

PACE: Final = Pace(recipient=lambda _: None, after_pause=Limit(interval=0.1, burst=1))
"""A sender begins anew with 10 messages a second."""

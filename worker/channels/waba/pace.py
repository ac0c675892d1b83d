"""How fast a number may write to one user, by Meta's published limits."""

from typing import Final

from shared.domain.pacing import Limit, Pace

_PAIR: Final = Limit(interval=6.0, burst=45)
"""One message in six seconds; up to 45 at once borrow from those to come."""

PACE: Final = Pace(recipient=lambda _: _PAIR, after_pause=Limit(interval=0.025, burst=1))
"""A number begins anew with 40 messages a second, half of what Meta takes from a new one."""

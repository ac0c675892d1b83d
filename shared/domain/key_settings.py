"""What the settings of a channel key say; what none of them says has a default."""

from collections.abc import Mapping
from typing import Any, Final

from shared.domain.channels import Channel

WINDOW: Final = "window"
"""Who judges the 24-hour window of WABA (contract, Kirim 2)."""
WINDOWS: Final = ("trust_provider", "enforce")
"""Meta does, which is the default; or antar does, by the messages that it knows of."""

LATE_FALLBACK: Final = "late_fallback"
"""Whether a failure that the provider reports after it took a message opens the next tier."""


def falls_back_late(channel: Channel, settings: Mapping[str, Any]) -> bool:
    """Tell whether a late failure opens the next tier: by WABA, which reports most failures late, unless said otherwise."""
    return bool(settings.get(LATE_FALLBACK, channel is Channel.WABA))

"""How patient the stacks of this suite are: so little that what a fault leaves behind is found within a minute or two."""

from typing import Final

Settings = dict[str, str]

LITTLE: Final[Settings] = {
    "ANTAR_CONNECT_TIMEOUT": "2",
    "ANTAR_READ_TIMEOUT": "4",
    "ANTAR_DATABASE_TIMEOUT": "4",
    "ANTAR_LEASE_SECONDS": "12",
    "ANTAR_VISIBILITY_SECONDS": "40",
    "ANTAR_RETRY_BASE_DELAY": "0.5",
    "ANTAR_RETRY_SECONDS": "30",
    "ANTAR_HORIZON_SECONDS": "10",
    "ANTAR_PROMOTE_INTERVAL": "2",
    "ANTAR_RECOVER_INTERVAL": "2",
    "ANTAR_REPUBLISH_AFTER": "6",
    "ANTAR_PROBE_INTERVAL": "2",
    "ANTAR_SHUTDOWN_SECONDS": "20",
}
"""For the long scenarios."""

OUTLASTING: Final[Settings] = {**LITTLE, "ANTAR_LEASE_SECONDS": "40"}
"""The same with leases as an operator has them: longer than the longest call, an email's with all its steps, and than an outage."""

LEAST: Final[Settings] = {
    **LITTLE,
    "ANTAR_READ_TIMEOUT": "3",
    "ANTAR_LEASE_SECONDS": "7",
    "ANTAR_VISIBILITY_SECONDS": "15",
    "ANTAR_HORIZON_SECONDS": "5",
    "ANTAR_RECOVER_INTERVAL": "1",
    "ANTAR_REPUBLISH_AFTER": "3",
}
"""For the short form."""

QUIET_SECONDS: Final = 420.0
"""How long a system may take to become quiet after the load: senders that were throttled go on slowly for minutes, and a worker
whose clock is behind holds what has long been delivered until it believes that its time has come."""

ACCEPT_SECONDS: Final = 150.0
"""How long a client repeats a request before it gives up."""

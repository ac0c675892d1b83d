"""What the supervisor is told about one process."""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from deploy.local import identity


class Running(Protocol):
    """What a readiness check may ask of the process it looks at."""

    def logged(self) -> str:
        """Give what the process has logged since it was started."""


Check = Callable[[Running], bool]


@dataclass(frozen=True, kw_only=True)
class Process:
    """One process of the stack."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    """What is added to the supervisor's own environment."""
    is_ready: Check
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    """How long it may take to stop before it is killed."""
    niceness: int = 0
    """How far it stands back where others want the processor, from 0 to 19."""
    identity: str = identity.SELF

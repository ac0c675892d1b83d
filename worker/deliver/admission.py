"""Whether a delivery that passed its guards may be called now: quota, the sender's rate, and providers' wishes to be left alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.outcome import NotSent
from worker.deliver.claim import Claim
from worker.runtime.process import Process


@dataclass(frozen=True, slots=True)
class Go:
    """Call after so many seconds, few enough to be slept."""

    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Later:
    """Give the claim back, not to be claimed for so many seconds."""

    seconds: float


Admission = Go | Later | NotSent


async def admit(process: Process, claims: Sequence[Claim]) -> list[Admission]:
    """Admit a batch, in its order."""
    del process
    return [Go() for _ in claims]

"""The claimer: claims together what several tasks ask for."""

from collections.abc import Sequence
from uuid import UUID

from shared import settings
from shared.db.lines import Lines
from worker.deliver import claim
from worker.deliver.claim import Claim, Early
from worker.runtime import patience
from worker.runtime.gathering import Gathering

Found = Claim | Early | None


class Claimer:
    """One per process, on its event loop."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._gathering = Gathering[UUID, Found](self._claim, settings.get().claim_batch, _is_away)

    async def claim(self, delivery_ids: Sequence[UUID]) -> tuple[list[Claim], list[Early]]:
        """Claim those of a task's deliveries that are due; otherwise as :func:`claim.claim`."""
        found = await self._gathering.answers(delivery_ids)
        return [each for each in found if isinstance(each, Claim)], [each for each in found if isinstance(each, Early)]

    async def _claim(self, delivery_ids: Sequence[UUID]) -> list[Found]:
        """Claim, and give what was found of each. What two tasks ask for is given to the first."""
        claimed, early = await claim.claim(self._lines, list(dict.fromkeys(delivery_ids)))
        found: dict[UUID, Found] = {each.id: each for each in claimed} | {each.id: each for each in early}
        return [found.pop(identifier, None) for identifier in delivery_ids]


def _is_away(error: Exception) -> bool:
    return isinstance(error, patience.TROUBLE) and patience.is_away(error)

"""Growth: how fast sends are delivered, and one is looked up, among millions of others."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from deploy.local import environment
from shared import ids
from tests.bench import figures, http, load, posting
from tests.bench.bed import Bed, Setting
from tests.bench.figures import Aim, Figure, Reading
from tests.bench.growth.fill import fill
from tests.bench.messages import Shape
from tests.bench.scenarios.base import MILLISECONDS, PER_SECOND, TIMES, Effort, Plan

_WARM_UP: Final = 1000
_FEWEST: Final = 500
_LOOKUPS: Final = 300
_FOUND: Final = 200
_SHARE_AIMS: Final = (Aim(bound=0.9, at_least=True),)
_LOOKUP_AIMS: Final = {50: (Aim(bound=5),)}
_ENDS: Final = """
    SELECT account_id, (SELECT id FROM sends WHERE account_id = newest.account_id ORDER BY id LIMIT 1), id
      FROM (SELECT account_id, id FROM sends WHERE id >= %s ORDER BY id DESC LIMIT 1) AS newest
"""
_NEXT: Final = "SELECT id FROM sends WHERE account_id = %s AND id >= %s ORDER BY id LIMIT 1"


@dataclass(frozen=True, slots=True)
class Level:
    """What the tables hold."""

    sends: int
    scheduled: int

    @property
    def key(self) -> str:
        """Its name for scripts."""
        return f"{self.sends}_{self.scheduled}"

    @property
    def label(self) -> str:
        """Its name for people."""
        return f"{_written(self.sends)} sends" + (f", {_written(self.scheduled)} scheduled" if self.scheduled else "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What was measured once at a level."""

    rate: float
    lookups: load.Measured


def levels(sends: Sequence[int], scheduled: Sequence[int]) -> list[Level]:
    """Give the levels by size, from empty tables on: first without scheduled sends, then with them beside the most sends."""
    rising = sorted({0, *sends})
    return [*(Level(each, 0) for each in rising), *(Level(rising[-1], each) for each in sorted(set(scheduled) - {0}))]


class Growth:
    """The same backlog and the same look-ups, level by level: tables that were filled are not emptied for the next run."""

    def __init__(self, bed: Bed, effort: Effort) -> None:
        self._bed = bed
        self._effort = effort
        self._found: dict[Level, list[Found]] = {}

    def warm_up(self) -> None:
        """Measure all levels, each as often as there are runs."""
        last = Level(0, 0)
        for level in levels(self._effort.rows, self._effort.scheduled):
            self._fill(level.sends - last.sends, level.scheduled - last.scheduled)
            self._deliver(_WARM_UP)
            self._found[level] = [self._find() for _ in range(self._effort.runs)]
            last = level

    def measure(self, subject: str, run: int) -> Iterator[Reading]:
        """Give what was measured, the rates also as a share of the same run's with empty tables."""
        del subject
        empty = self._found[Level(0, 0)][run]
        for level, found in self._found.items():
            yield from _readings(level, found[run], empty)

    def _fill(self, sends: int, scheduled: int) -> None:
        """Fill the tables while nobody works on them; where there is nothing to fill, start all processes anew as well."""
        names = [name for name in self._bed.stack.options.processes if name not in ("postgres", "redis")]
        self._bed.stack.halt(*names)
        if sends or scheduled:
            fill(self._bed.stack.environment()[environment.DATABASE_URL], sends=sends, scheduled=scheduled)
        self._bed.stack.resume(*names)

    def _find(self) -> Found:
        rate = self._deliver(max(_FEWEST, round(self._rate * self._effort.seconds)))
        lookups = load.closed(self._bed.antar.port, [self._lookup(each) for each in self._sample()], clients=1)
        return Found(rate=rate, lookups=load.expect(lookups, _FOUND))

    def _deliver(self, sends: int) -> float:
        """Deliver sends and give their rate, by which the next are numbered."""
        self._rate = posting.deliver(self._bed, self._bed.antar, Shape.SINGLE, sends).rate
        return self._rate

    def _sample(self) -> list[UUID]:
        """Give sends of the account, from all the time that the tables span."""
        database = self._bed.antar.database
        ends = database.execute(_ENDS, [self._bed.antar.first]).fetchone()
        assert ends is not None
        account_id, oldest, newest = ends
        moments = (UUID(int=random.randint(oldest.int, newest.int)) for _ in range(_LOOKUPS))  # noqa: S311 - a sample, no secret.
        found = (database.execute(_NEXT, [account_id, moment]).fetchone() for moment in moments)
        return [row[0] for row in found if row is not None]

    def _lookup(self, send_id: UUID) -> bytes:
        return http.get(f"/v1/sends/{ids.encode(ids.SEND, send_id)}", {"Authorization": f"Bearer {self._bed.antar.account.token}"})


def _readings(level: Level, found: Found, empty: Found) -> Iterator[Reading]:
    rate = Figure(key=f"{level.key}.rate", group="delivered sends", label=level.label, unit=PER_SECOND)
    yield Reading(figure=rate, value=found.rate)
    if found is not empty:
        group = "delivered sends, beside those with empty tables"
        share = Figure(key=f"{level.key}.share", group=group, label=level.label, unit=TIMES, aims=_SHARE_AIMS)
        yield Reading(figure=share, value=found.rate / empty.rate)
    for percent in (50, 99):
        label, aims = f"{level.label}, p{percent}", _LOOKUP_AIMS.get(percent, ())
        time = Figure(key=f"{level.key}.lookup_p{percent}", group="look-up by id", label=label, unit=MILLISECONDS, aims=aims)
        yield Reading(figure=time, value=found.lookups.percentile(percent))


def _written(number: int) -> str:
    return f"{number:,}".replace(",", " ")


PLAN: Final = Plan(
    name="growth",
    title="Growth: delivery and look-up among other sends",
    notes=(
        "One channel a send, the provider answers at once. Look-ups are one client's, one after the other, of sends from all the "
        "time that the tables span. The tables are filled once, and each level is measured as often as there are runs."
    ),
    setting=Setting(),
    subjects=(figures.ANTAR,),
    make=Growth,
)

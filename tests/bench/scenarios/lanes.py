"""Lanes: what a request that waits takes while another account's campaign runs as fast as it can."""

import time
from collections.abc import Iterator
from typing import Final

from tests.bench import arrivals, campaigns, figures, load
from tests.bench.bed import Bed, Setting
from tests.bench.figures import Figure, Reading
from tests.bench.load import Measured
from tests.bench.messages import Shape
from tests.bench.provider.behaviour import constant
from tests.bench.scenarios.base import MILLISECONDS, PER_SECOND, TIMES, Effort, Plan

_WAIT: Final = "wait=30"
_DELIVERED: Final = 200
_PER_SECOND: Final = 20
"""Sends that are waited for."""
_PERCENTILES: Final = (50, 99)
_LONGER: Final = 10
"""How many times longer than others this measures: at so few sends a second, the slowest of a hundred take long to come."""
_RECIPIENTS_PER_SECOND: Final = 6667
"""More than any machine delivers, for each second that is measured: the campaign outlasts the measurement."""
_WARM_UP_SECONDS: Final = 2.0


class Lanes:
    """Posts that wait, at times of their own: alone, and beside a campaign."""

    def __init__(self, bed: Bed, effort: Effort) -> None:
        self._bed = bed
        self._seconds = effort.seconds * _LONGER

    def warm_up(self) -> None:
        """Wait for some outcomes."""
        self._bed.provider.behave(constant(0))
        self._waited(_WARM_UP_SECONDS, 0)

    def measure(self, subject: str, run: int) -> Iterator[Reading]:
        """Measure both, one right after the other."""
        del subject
        alone = self._waited(self._seconds, run)
        yield from _times("alone", "no campaign", alone)
        with campaigns.running(self._bed, round(self._seconds * _RECIPIENTS_PER_SECOND)) as campaign:
            before, began = campaign.ended(), time.monotonic()
            beside = self._waited(self._seconds, run)
            rate = (campaign.ended() - before) / (time.monotonic() - began)
        yield from _times("beside", "beside a campaign", beside)
        for percent in _PERCENTILES:
            slower = Figure(key=f"slower.p{percent}", group="beside a campaign to alone", label=f"p{percent}", unit=TIMES)
            yield Reading(figure=slower, value=beside.percentile(percent) / alone.percentile(percent))
        yield Reading(figure=Figure(key="campaign.rate", group="the campaign's sends", label="ended", unit=PER_SECOND), value=rate)

    def _waited(self, seconds: float, run: int) -> Measured:
        starts = arrivals.poisson(_PER_SECOND, seconds, seed=run)
        requests = self._bed.requests(self._bed.antar, Shape.SINGLE, _WAIT)
        return load.expect(load.paced(self._bed.antar.port, requests, starts), _DELIVERED)


def _times(key: str, label: str, measured: Measured) -> Iterator[Reading]:
    for percent in _PERCENTILES:
        figure = Figure(
            key=f"{key}.p{percent}",
            group=f"time to the answer, {_PER_SECOND} requests a second",
            label=f"{label}, p{percent}",
            unit=MILLISECONDS,
        )
        yield Reading(figure=figure, value=measured.percentile(percent))


PLAN: Final = Plan(
    name="lanes",
    title="Lanes: a request that waits, while another account's campaign runs",
    notes="The campaign runs as fast as it can, with more recipients than it reaches meanwhile; providers answer at once.\n"
    "Each account has a provider of its own, as other machines would be; the campaign's stands back as its worker does.",
    setting=Setting(apart=True),
    subjects=(figures.ANTAR,),
    make=Lanes,
)

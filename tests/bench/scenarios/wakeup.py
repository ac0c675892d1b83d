"""Wake-ups: how soon after its outcome is recorded a waiting request is answered, with hundreds of them waiting."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Final
from uuid import UUID

from shared import ids
from tests.bench import figures, load, waits
from tests.bench.bed import Bed, Setting
from tests.bench.figures import Aim, Figure, Reading
from tests.bench.load import Answered, Measured
from tests.bench.messages import Shape
from tests.bench.provider.behaviour import Behaviour
from tests.bench.scenarios.base import MILLISECONDS, Effort, Plan

_WAITING: Final = 500
_WAIT: Final = "wait=30"
_DELIVERED: Final = 200
_HELD: Final = Behaviour(held=True)
_SPREAD: Final = Behaviour(shortest_ms=100, longest_ms=900)
_AIMS: Final = {50: (Aim(bound=10),)}
_ENDED: Final = "SELECT id, extract(epoch FROM ended_at)::float8 FROM sends WHERE id = ANY(%s) AND id BETWEEN %s AND %s"


class WakeUp:
    """The provider holds every call until all requests wait, and then answers each after a time of its own."""

    def __init__(self, bed: Bed, effort: Effort) -> None:
        del effort
        self._bed = bed

    def warm_up(self) -> None:
        """Wait as in a run."""
        self._wait()

    def measure(self, subject: str, run: int) -> Iterator[Reading]:
        """Measure from the moment that the tables have for the end of a send, by the database's clock, which is this machine's."""
        del subject, run
        answers = self._wait().answers
        ended = self._ended([_send_id(answer) for answer in answers])
        late = [(answer.at - ended[_send_id(answer)]) * 1000 for answer in answers]
        for percent in (50, 99):
            figure = Figure(
                key=f"waiting_{_WAITING}.p{percent}",
                group="from the recorded outcome to the answer",
                label=f"{_WAITING} waiting, p{percent}",
                unit=MILLISECONDS,
                aims=_AIMS.get(percent, ()),
            )
            yield Reading(figure=figure, value=figures.percentile(late, percent))

    def _wait(self) -> Measured:
        self._bed.provider.behave(_HELD)
        with ThreadPoolExecutor(1) as pool:
            posted = pool.submit(self._post)
            waits.until(lambda: self._bed.provider.counts().in_flight >= _WAITING or posted.done(), "the provider holds every call")
            self._bed.provider.behave(_SPREAD)
            return load.expect(posted.result(), _DELIVERED)

    def _post(self) -> Measured:
        requests = islice(self._bed.requests(self._bed.antar, Shape.SINGLE, _WAIT), _WAITING)
        return load.closed(self._bed.antar.port, requests, clients=_WAITING)

    def _ended(self, send_ids: Sequence[UUID]) -> dict[UUID, float]:
        """Give when sends have ended, in unix seconds."""
        parameters = [list(send_ids), min(send_ids), max(send_ids)]
        return dict(self._bed.antar.database.execute(_ENDED, parameters).fetchall())


def _send_id(answer: Answered) -> UUID:
    send_id = ids.decode(ids.SEND, json.loads(answer.body)["id"])
    assert send_id is not None
    return send_id


PLAN: Final = Plan(
    name="wakeup",
    title=f"Wake-ups: {_WAITING} requests that wait at once",
    notes=(
        "The provider holds every call until all requests wait, then answers each after 0.1 to 0.9 s. What is recorded is when the "
        "transaction began, so that its commit is in the figure."
    ),
    setting=Setting(send_threads=64),
    subjects=(figures.ANTAR,),
    make=WakeUp,
)

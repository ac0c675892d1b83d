"""What antar needs to do its work, looked at: the checks behind ``/readyz`` and ``antar doctor``."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Engine, TextClause
from sqlalchemy.exc import SQLAlchemyError

from shared import consumption, queues, settings
from shared.consumption import Backlog
from shared.db.statements import health as statements
from shared.domain import backlog

_POSTGRES_AWAY: Final = "Postgres refuses connections or does not answer: until it does, no send is accepted, no outcome recorded"
_POSTGRES_READS: Final = "Postgres takes no writes: it is a standby or in recovery, and no send is accepted"
_BROKER_AWAY: Final = "the broker cannot be reached: sends are accepted and wait in Postgres, and no worker hears of them"
_NOT_KNOWN: Final = "the broker, or the Redis of ANTAR_SIGNAL_URL, cannot be reached: whether workers take tasks is not known"
_NOT_ASKED: Final = "Postgres cannot be asked for it: see that it runs, and that antar migrate was run"


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """What came of one check."""

    found: Mapping[str, Any] = field(default_factory=dict)
    """Figures, as JSON."""
    problem: str | None = None
    """What is wrong, for an operator; ``None`` when nothing is."""

    def as_json(self) -> dict[str, Any]:
        """Give ``{"status": "ok" | "failing", ...figures, "problem"?}``."""
        if self.problem is None:
            return {"status": "ok", **self.found}
        return {"status": "failing", **self.found, "problem": self.problem}


def postgres(database: Engine) -> Health:
    """Whether Postgres answers, in how many milliseconds (``ms``), and takes writes."""
    started = time.monotonic()
    try:
        with database.connect() as connection:
            reads_only = connection.execute(statements.select_reads_only).scalar_one()
    except SQLAlchemyError:
        return Health(problem=_POSTGRES_AWAY)
    milliseconds = round((time.monotonic() - started) * 1000, 1)
    return Health(found={"ms": milliseconds}, problem=_POSTGRES_READS if reads_only else None)


def broker() -> Health:
    """Whether the broker answers, and how many tasks wait in each queue (``depth``)."""
    try:
        return Health(found={"depth": queues.depths()})
    except consumption.AWAY:
        return Health(problem=_BROKER_AWAY)


def consumed() -> Health:
    """Whether every queue in which tasks wait is taken from; ``untouched`` has the seconds for which none was."""
    try:
        backlogs = consumption.look()
    except consumption.AWAY:
        return Health(problem=_NOT_KNOWN)
    return judge_backlogs(backlogs, settings.get().stalled_after)


def judge_backlogs(backlogs: Iterable[Backlog], seconds: float) -> Health:
    """Judge what waits in the queues: each must be taken from at least every so many ``seconds``."""
    listed = list(backlogs)
    stalled = "; ".join(_describe(each) for each in listed if each.untouched >= seconds)
    untouched = {each.queue: round(each.untouched, 1) for each in listed if each.depth}
    return Health(found={"untouched": untouched}, problem=stalled or None)


def waiting(database: Engine) -> int:
    """Count the deliveries that are due and not claimed, up to twice as many as may be. Raises :class:`SQLAlchemyError`."""
    return _count(database, statements.count_due, settings.get().most_waiting)


def unhandled(database: Engine) -> int:
    """Count the webhooks of providers that wait, likewise. Raises :class:`SQLAlchemyError`."""
    return _count(database, statements.count_inbox, settings.get().most_unhandled)


def _count(database: Engine, statement: TextClause, most: int) -> int:
    with database.connect() as connection:
        counted: int = connection.execute(statement, {"limit": 2 * most}).scalar_one()
    return counted


def oldest_queued(database: Engine) -> Health:
    """Whether deliveries are claimed in time: ``seconds`` is for how long the oldest has been due, or ``None``.

    ``waiting`` is how many are due. New sends are refused when they are too many.
    """
    try:
        with database.connect() as connection:
            seconds = connection.execute(statements.select_oldest_due).scalar_one()
        due = waiting(database)
    except SQLAlchemyError:
        return Health(problem=_NOT_ASKED)
    oldest = judge_oldest(None if seconds is None else float(seconds), settings.get().late_after)
    crowd = judge_crowd(due, settings.get().most_waiting)
    problems = [each.problem for each in (oldest, crowd) if each.problem]
    return Health(found={**oldest.found, **crowd.found}, problem="; ".join(problems) or None)


def judge_oldest(seconds: float | None, late_after: float) -> Health:
    """Judge the age of the oldest delivery that is due and not claimed, in seconds."""
    if seconds is None or seconds < late_after:
        return Health(found={"seconds": seconds if seconds is None else round(seconds, 1)})
    problem = f"a delivery has been due for {seconds:.0f} s and no worker has claimed it: they are too few, gone, or stuck"
    return Health(found={"seconds": round(seconds, 1)}, problem=problem)


def judge_crowd(waiting: int, most: int) -> Health:
    """Judge how many deliveries are due and not claimed, where new sends are refused from ``most`` on."""
    enough = backlog.resumes_at(most)
    if waiting <= enough:
        return Health(found={"waiting": waiting})
    problem = (
        f"{waiting} deliveries are due and no worker has claimed them: new sends are refused with 503 from {most} on,"
        f" and until {enough} are left; workers are too few, gone, or stuck"
    )
    return Health(found={"waiting": waiting}, problem=problem)


def _describe(backlog: Backlog) -> str:
    waiting = f"queue {backlog.queue}: {backlog.depth} waiting, and for {backlog.untouched:.0f} s no worker has taken any"
    return f"{waiting}; its workers are gone, stuck, or all busy"

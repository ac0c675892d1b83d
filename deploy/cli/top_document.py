"""What ``antar top`` shows, as one JSON document: made of a look at Postgres, one at the broker, and looks before it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared import ids
from shared.domain import backlog, pace
from shared.domain.pace import Reading
from shared.domain.states import DeliveryState
from shared.domain.times import rfc3339
from shared.management.backlogs import Backlogs
from shared.management.overview import Campaign, Overview, Suspended
from shared.queues import Queue

Document = dict[str, Any]

_FAILED: Final = frozenset({DeliveryState.FAILED, DeliveryState.UNKNOWN})
_PACED: Final = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN)


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What Postgres told."""

    backlogs: Backlogs
    overview: Overview


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """One look at everything; what is away has said why."""

    known: Known | None
    tasks: Mapping[str, int] | None
    """Tasks in the broker, by queue."""
    troubles: Mapping[str, str]
    """Why ``postgres`` or ``broker`` could not be asked."""


def document(look: Look, before: Reading | None, most_waiting: int, account: str | None) -> Document:
    """Tell what was seen; rates are those since the reading before, and null without one."""
    servers = {name: {"up": name not in look.troubles, "error": look.troubles.get(name)} for name in ("postgres", "broker")}
    told = {"account": account, **servers, "queues": _queues(look)}
    return told if look.known is None else {**told, **_known(look.known, before, most_waiting)}


def _known(known: Known, before: Reading | None, most_waiting: int) -> Document:
    backlogs, seen = known.backlogs, known.overview
    return {
        "at": rfc3339(seen.reading.at),
        "intake": {"state": _intake(seen.waiting, most_waiting), "waiting": seen.waiting, "most": most_waiting},
        "held": backlogs.held,
        "quarantined": backlogs.quarantined,
        "webhooks": {"waiting": backlogs.webhooks, "oldest_seconds": round(backlogs.webhooks_oldest, 1)},
        "inbox": backlogs.inbox,
        "rates": _rates(seen, before),
        "since": rfc3339(seen.reading.since),
        "failures": _failures(seen.reading),
        "suspended": [_suspended(key) for key in seen.suspended],
        "campaigns": [_campaign(campaign) for campaign in seen.campaigns],
    }


def _intake(waiting: int, most: int) -> str:
    """Say what the api's processes say; between the two bounds it depends on where they came from."""
    if waiting >= most:
        return "refusing"
    return "accepting" if waiting <= backlog.resumes_at(most) else "nearly full"


def _queues(look: Look) -> list[Document]:
    return [_queue(look, queue.value) for queue in Queue]


def _queue(look: Look, queue: str) -> Document:
    due = look.known.backlogs.due.get(queue) if look.known else None
    return {
        "queue": queue,
        "tasks": None if look.tasks is None else look.tasks[queue],
        "due": due and due.number,
        "oldest_seconds": due and round(due.oldest, 1),
    }


def _rates(seen: Overview, before: Reading | None) -> Document | None:
    if before is None:
        return None
    channels = pace.paces(before, seen.reading, lambda each: None if each.key else each.channel)
    keys = pace.paces(before, seen.reading, lambda each: (each.channel, each.key) if each.key else None)
    return {
        "seconds": round(pace.seconds(before, seen.reading), 1),
        "channels": _busiest({"channel": name, **_paces(states)} for name, states in channels.items()),
        "keys": _busiest(
            {"key": key, "name": seen.names[key], "channel": channel, **_paces(states)} for (channel, key), states in keys.items()
        ),
    }


def _paces(states: Mapping[DeliveryState, float]) -> Document:
    return {f"{state}_per_second": round(states.get(state, 0.0), 2) for state in _PACED}


def _busiest(rows: Any) -> list[Document]:
    return sorted(rows, key=lambda row: -sum(row[f"{state}_per_second"] for state in _PACED))


def _failures(reading: Reading) -> list[Document]:
    numbers: Counter[tuple[str, str, str | None]] = Counter()
    for each in reading.ended:
        if each.key is None and each.state in _FAILED:
            numbers[each.channel, each.state.value, each.code] += each.number
    return [
        {"channel": channel, "state": state, "code": code, "number": number}
        for (channel, state, code), number in numbers.most_common()
        if number > 0
    ]


def _suspended(key: Suspended) -> Document:
    return {
        "key": ids.encode(ids.KEY, key.id),
        "name": f"{key.account}/{key.name}",
        "channel": key.channel,
        "code": key.code,
        "reason": key.reason,
        "since": key.since and rfc3339(key.since),
    }


def _campaign(campaign: Campaign) -> Document:
    progress = campaign.progress
    ended = {state: getattr(progress, state) for state in ("sent", "failed", "unknown", "cancelled", "expired")}
    return {
        "campaign": ids.encode(ids.CAMPAIGN, campaign.id),
        "name": f"{campaign.account}/{campaign.name}",
        "state": campaign.state,
        "recipients": progress.recipients,
        "in_flight": progress.in_flight,
        **ended,
        "per_second": progress.per_second and round(progress.per_second, 2),
        "seconds_left": progress.seconds_left and round(progress.seconds_left),
    }


def oldest(readings: Sequence[Reading]) -> Reading | None:
    """Give the reading that rates are reckoned from."""
    return readings[0] if readings else None

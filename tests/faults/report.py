"""The figures of scenarios, as JSON and as a table for people."""

import json
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from shared.domain.states import DeliveryState, SendState
from tests.faults import verdict
from tests.faults.verdict import Observed, Verdict

_PERCENT: Final = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What one scenario came to; times are in seconds."""

    scenario: str
    seed: int
    sends: int
    accepted: int
    reposts: int
    """Posts under an Idempotency-Key that was posted before."""
    sent: int
    failed: int
    unknown: int
    lost: int
    duplicates: int
    repeated: int
    """Deliveries that a provider accepted twice, each of them marked as unknown and tried again."""
    doubled: int
    """Sends accepted on two channels, the earlier of them unknown."""
    unknown_deliveries: int
    republished: int
    reclaimed: int
    """Deliveries taken over from a worker that was lost."""
    replayed: int
    """Outcomes found on disk."""
    bugs: int
    """Errors of our own in the workers' logs."""
    quiet_after: float | None
    p50: float | None
    p99: float | None
    slowest: float | None
    problems: Mapping[str, int]
    done: Mapping[str, int]
    """What was done to the system, and how often."""


_COLUMNS: Final = (
    "scenario",
    "sends",
    "accepted",
    "reposts",
    "sent",
    "failed",
    "unknown",
    "lost",
    "duplicates",
    "repeated",
    "doubled",
    "unknown_deliveries",
    "republished",
    "reclaimed",
    "replayed",
    "bugs",
    "quiet_after",
    "p50",
    "p99",
    "slowest",
    "problems",
)
_BUGS: Final = ("deliver.bug", "writer.refused", "writer.lost", "writer.not_followed")
_BUG_CLASSES: Final = (
    "AssertionError",
    "AttributeError",
    "IndexError",
    "KeyError",
    "NameError",
    "RuntimeError",
    "TypeError",
    "ValueError",
)
"""What a task raises by our own fault, and not because a server is away."""


def figures(
    scenario: str,
    seed: int,
    observed: Observed,
    found: Verdict,
    logged: Counter[str],
    quiet_after: float | None,
    done: Iterable[str],
) -> Figures:
    """Work out the figures of a scenario."""
    states = Counter(send.state for send in observed.sends)
    p50, p99, slowest = _percentiles(_seconds(observed))
    return Figures(
        scenario=scenario,
        seed=seed,
        sends=len(observed.answers),
        accepted=sum(each.accepted for each in observed.answers),
        reposts=sum(each.repeats for each in observed.answers),
        sent=states[SendState.SENT],
        failed=states[SendState.FAILED],
        unknown=states[SendState.UNKNOWN],
        lost=len(found.vanished) + len(found.lost) + len(found.unended),
        duplicates=len(found.duplicates) + len(found.fanned_out),
        repeated=len(verdict.repeated(observed)) - len(found.duplicates),
        doubled=len(verdict.doubled(observed)) - len(found.fanned_out),
        unknown_deliveries=sum(each.state is DeliveryState.UNKNOWN for each in observed.deliveries),
        republished=logged["recovery.republished.deliveries"],
        reclaimed=logged["recovery.expired_claims.deliveries"],
        replayed=logged["writer.replayed.outcomes"],
        bugs=sum(logged[event] for event in (*_BUGS, *_BUG_CLASSES)),
        quiet_after=quiet_after,
        p50=p50,
        p99=p99,
        slowest=slowest,
        problems=found.problems(),
        done=dict(Counter(done)),
    )


def quiet_after(observed: Observed, load_end: float) -> float:
    """Give the seconds from the end of the load, or from when the last send was due, to the end of the last send."""
    due = max((send.schedule_at or 0.0 for send in observed.sends), default=0.0)
    ended = max((send.ended_at or 0.0 for send in observed.sends), default=0.0)
    return round(max(0.0, ended - max(load_end, due)), 1)


def _seconds(observed: Observed) -> list[float]:
    """Give how long each send took, from when it was accepted, or due, to its end."""
    return sorted(
        send.ended_at - max(send.created_at, send.schedule_at or 0.0) for send in observed.sends if send.ended_at is not None
    )


def _percentiles(seconds: Sequence[float]) -> tuple[float | None, float | None, float | None]:
    if len(seconds) <= 1:
        return None, None, None
    cuts = statistics.quantiles(seconds, n=_PERCENT, method="inclusive")
    return round(cuts[49], 2), round(cuts[98], 2), round(seconds[-1], 2)


def table(rows: Iterable[Mapping[str, Any]]) -> str:
    """Write figures as a table in Markdown."""
    lines = [" | ".join(_COLUMNS), " | ".join("---" for _ in _COLUMNS)]
    lines += [" | ".join(_cell(row[column]) for column in _COLUMNS) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return ", ".join(f"{name} {count}" for name, count in value.items()) or "none" if isinstance(value, Mapping) else str(value)


def write(folder: Path, row: Figures) -> None:
    """Put a scenario's figures into a folder, and anew the table of all that are there."""
    folder.mkdir(parents=True, exist_ok=True)
    name = row.scenario.replace(" ", "-").replace(",", "").replace("/", "-")
    (folder / f"{name}.json").write_text(json.dumps(asdict(row), indent=2) + "\n")
    (folder / "report.md").write_text(table(read(folder)) + "\n")


def read(folder: Path) -> list[dict[str, Any]]:
    """Give the figures in a folder, by the names of their scenarios."""
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]

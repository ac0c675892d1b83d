"""The figures of a scenario."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from shared.domain.states import DeliveryState, SendState
from tests.faults import report, verdict
from tests.faults.report import Figures
from tests.unit.faults.test_verdict import OTHER, answer, delivery, message, observed, send

LOGGED = Counter({"recovery.republished.deliveries": 5, "recovery.expired_claims.deliveries": 2, "deliver.bug": 1, "other": 9})


def figures(name: str = "a fault", **changes: Any) -> Figures:
    seen = observed(**changes)
    found = verdict.judge(seen, verdict.NOTHING)
    return report.figures(name, 1, seen, found, LOGGED, 3.1, ["killed api", "killed api"])


def test_figures_count_states_and_repeats() -> None:
    unknown = [delivery(DeliveryState.UNKNOWN, send_id=OTHER, attempts=("unknown",))]
    counted = figures(
        answers=[answer(), answer(OTHER, key="b")],
        sends=[send(), send(id=OTHER, state=SendState.UNKNOWN)],
        deliveries=[*unknown],
        messages=[message()],
    )
    assert (counted.sends, counted.accepted, counted.sent, counted.unknown, counted.unknown_deliveries) == (2, 2, 1, 1, 1)
    assert (counted.republished, counted.reclaimed, counted.replayed, counted.bugs) == (5, 2, 0, 1)
    assert (counted.lost, counted.problems) == (1, {"lost": 1, "doubtful": 1})
    assert counted.done == {"killed api": 2}


def test_a_marked_repeat_is_no_duplicate() -> None:
    marked = figures(deliveries=[delivery(channel="email", attempts=("unknown", "sent"))], messages=[message(), message()])
    unmarked = figures(messages=[message(), message()])
    assert (marked.repeated, marked.duplicates) == (1, 0)
    assert (unmarked.repeated, unmarked.duplicates) == (0, 1)


def test_times_count_from_when_a_send_was_due() -> None:
    counted = figures(sends=[send(ended_at=104.0), send(id=OTHER, schedule_at=110.0, ended_at=110.5)])
    assert (counted.p50, counted.slowest, counted.quiet_after) == (2.25, 4.0, 3.1)


def test_quiet_counts_from_the_end_of_the_load_or_from_when_the_last_was_due() -> None:
    seen = observed(sends=[send(ended_at=104.0), send(id=OTHER, schedule_at=110.0, ended_at=110.5)])
    assert report.quiet_after(seen, load_end=105.0) == 0.5
    assert report.quiet_after(observed(sends=[send(ended_at=104.25)]), load_end=102.0) == 2.2
    assert report.quiet_after(observed(sends=[send(ended_at=104.0)]), load_end=105.0) == 0


def test_the_table_holds_what_is_in_the_folder(tmp_path: Path) -> None:
    for name in ("b, second", "a first"):
        report.write(tmp_path, figures(name))
    lines = (tmp_path / "report.md").read_text().splitlines()
    assert [line.split("|")[1].strip() for line in lines] == ["scenario", "---", "a first", "b, second"]
    assert report.read(tmp_path)[0] == asdict(figures("a first")) | {"done": {"killed api": 2}}

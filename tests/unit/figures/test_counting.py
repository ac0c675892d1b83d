"""What the library does not do by itself: series that begin at 0, sums of a flush, and what is shown of a folder."""

import threading
from pathlib import Path

import pytest

from shared import metrics, settings
from shared.figures import endpoint
from shared.figures.counted import Counted
from shared.figures.folder import Folder
from shared.settings import Settings
from tests.unit.figures.conftest import Count, samples
from worker.deliver import measuring


def _value(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.mark.parametrize("what", metrics.WHAT_IS_RECOVERED)
def test_what_is_known_beforehand_is_there_from_the_start(what: str) -> None:
    assert metrics.REGISTRY.get_sample_value("antar_recovered_total", {"what": what}) is not None


def test_a_flush_is_counted_at_once() -> None:
    sent, failed = ("waba", "sent", ""), ("email", "not_sent", "mailbox_full")
    names = (
        dict(zip(("channel", "outcome", "code"), sent, strict=True)),
        dict(zip(("channel", "outcome", "code"), failed, strict=True)),
    )

    def counted() -> list[float]:
        return [_value(name, **each) for name in ("antar_attempts_total", "antar_deliveries_ended_total") for each in names]

    before = counted()
    measuring.count([*[(metrics.ATTEMPTS, sent)] * 3, (metrics.ATTEMPTS, failed), (metrics.DELIVERIES_ENDED, sent)])
    assert [after - former for after, former in zip(counted(), before, strict=True)] == [3, 1, 1, 0]


def test_a_process_of_its_own_shows_what_it_has_counted() -> None:
    before = _value("antar_recovered_total", what="webhooks")
    metrics.RECOVERED.labels("webhooks").inc(2)
    assert samples(list(Counted(None).collect()))["antar_recovered_total what=webhooks"] == before + 2


def test_a_folder_shows_what_all_have_counted_and_names_the_rest(count: Count, folder: Folder) -> None:
    """What another version of antar counts is left out."""
    count(11, 4)
    shown = list(Counted(folder).collect())
    assert samples(shown)["antar_recovered_total what=deliveries"] == 4
    assert [metric.name for metric in shown] == [metric.name for metric in metrics.REGISTRY.collect()]
    assert [metric.samples for metric in shown if metric.name == "antar_attempts"] == [[]]


def test_port_0_starts_nothing() -> None:
    before = threading.active_count()
    endpoint.start(lambda: None)
    assert threading.active_count() == before


def test_counts_that_cannot_be_kept_are_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    chosen = Settings(metrics_port=1, metrics_dir=tmp_path)
    monkeypatch.setattr(settings, "get", lambda: chosen)
    monkeypatch.setattr(metrics, "NOT_KEPT", OSError(28, "No space left on device"))
    monkeypatch.setattr(endpoint._log, "warning", lambda event, **more: told.append(event + more["reason"]), raising=False)
    monkeypatch.setattr(endpoint.Endpoint, "run", lambda _: None)
    endpoint.start(lambda: None)
    assert told == ["figures.not_keptNo space left on device"]

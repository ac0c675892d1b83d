"""A folder in which this process counts as if it were several."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, values

from shared.figures import folder as module
from shared.figures.folder import Folder

Scrape = Callable[[], Mapping[str, float]]
Count = Callable[..., None]


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder in which processes count; what they have open is closed at the end."""
    path = tmp_path / "metrics"
    path.mkdir()
    monkeypatch.setenv(module.VARIABLE, str(path))
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    yield path
    values.close_all_multiprocess_files()


@pytest.fixture
def folder(directory: Path) -> Folder:
    return Folder(directory)


@pytest.fixture
def living(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """The ids of the processes that live."""
    pids: set[int] = set()
    monkeypatch.setattr(module, "_lives", pids.__contains__)
    return pids


@pytest.fixture
def count(folder: Folder, living: set[int], monkeypatch: pytest.MonkeyPatch) -> Count:
    """Has a process live, and count so many deliveries and a call of a second."""

    def one(pid: int, number: float = 1, *, begin: bool = True) -> None:
        living.add(pid)
        monkeypatch.setattr(os, "getpid", lambda: pid)
        if begin:
            folder.begin()
        values.ValueClass = values.MultiProcessValue(lambda: pid)
        registry = CollectorRegistry()
        Counter("antar_recovered_total", "Recovered.", ["what"], registry=registry).labels("deliveries").inc(number)
        Histogram("antar_call_seconds", "Seconds.", buckets=(0.5, 2), registry=registry).observe(1)
        Gauge("antar_processes", "Processes.", multiprocess_mode="livesum", registry=registry).set(1)
        values.ValueClass.close_all_files()

    return one


@pytest.fixture
def scrape(folder: Folder) -> Scrape:
    """Gives every sample by its name and labels."""
    return lambda: samples(folder.collect())


def samples(metrics: list[Metric]) -> Mapping[str, float]:
    """Give every sample by its name and labels."""
    return {
        sample.name + "".join(f" {label}={value}" for label, value in sorted(sample.labels.items())): sample.value
        for metric in metrics
        for sample in metric.samples
    }

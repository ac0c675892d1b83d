"""What every metric is called and says of itself, as Prometheus wants it."""

import re

import pytest

from shared import metrics
from tests.unit.figures.definitions import EVERY, Definition


@pytest.fixture(params=EVERY.values(), ids=lambda definition: definition.name)
def definition(request: pytest.FixtureRequest) -> Definition:
    found: Definition = request.param
    return found


def test_every_one_is_shown() -> None:
    counted = {metric.name.removesuffix("_total") for metric in metrics.REGISTRY.collect()}
    assert counted | {seen.name for seen in metrics.SEEN} == {name.removesuffix("_total") for name in EVERY}


def test_names(definition: Definition) -> None:
    assert re.fullmatch(r"antar_[a-z]+(_[a-z]+)*", definition.name)
    assert definition.name.endswith("_total") == (definition.kind == "counter")
    assert definition.name.endswith("_seconds") or definition.kind != "histogram"


def test_words(definition: Definition) -> None:
    assert definition.text.endswith(".")
    assert "Seconds" in definition.text or not definition.name.endswith("_seconds")


def test_labels(definition: Definition) -> None:
    assert all(re.fullmatch(r"[a-z]+", label) for label in definition.labels)
    assert len(set(definition.labels)) == len(definition.labels)

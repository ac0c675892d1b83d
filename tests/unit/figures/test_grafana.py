"""The dashboard and the alerts ask for what there is, by the labels that it has."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from shared.domain.outcome import Code
from tests import promql
from tests.unit.figures.definitions import EVERY

_PROMETHEUS_OWN = {"job", "instance", "le"}
_NAMES = [
    "AntarPostgresDown",
    "AntarBrokerDown",
    "AntarTargetDown",
    "AntarQueueStalled",
    "AntarQueueLate",
    "AntarIntakeRefusing",
    "AntarApiErrors",
    "AntarUnknownOutcomes",
    "AntarWorkersLost",
    "AntarKeySuspended",
    "AntarProviderFailing",
    "AntarQuarantined",
    "AntarHeld",
    "AntarWebhooksBehind",
    "AntarPoolExhausted",
]

promtool = shutil.which("promtool")
_needs_promtool = pytest.mark.skipif(promtool is None, reason="promtool, of the package prometheus, is not installed")


@pytest.mark.parametrize("expression", promql.expressions())
def test_what_is_asked_for_is_there(expression: str) -> None:
    asked = list(promql.metrics(expression))
    definitions = [EVERY[promql.family(name)] for name, _ in asked]
    for definition, (_, labels) in zip(definitions, asked, strict=True):
        assert labels <= {*definition.labels, *_PROMETHEUS_OWN}
    assert promql.grouped(expression) <= {label for definition in definitions for label in definition.labels} | _PROMETHEUS_OWN
    assert asked or 'up{job="antar"}' in expression


def test_every_metric_is_drawn() -> None:
    """One that nobody looks at need not be counted."""
    drawn = {promql.family(name) for expression in promql.panels() for name, _ in promql.metrics(expression)}
    assert drawn == set(EVERY)


def test_the_codes_of_a_failing_provider_are_codes() -> None:
    (codes,) = {found for rule in promql.RULES for found in re.findall(r'code=~"([^"]*)"', rule["expr"])}
    assert set(codes.split("|")) <= {code.value for code in Code}


def test_the_alerts() -> None:
    assert [rule["alert"] for rule in promql.RULES] == _NAMES


@pytest.mark.parametrize("rule", promql.RULES, ids=_NAMES)
def test_an_alert_says_what_it_is_and_where_to_read_on(rule: Mapping[str, Any]) -> None:
    annotations = rule["annotations"]
    assert annotations["summary"].endswith(".")
    assert annotations["runbook"] == f"deploy/RUNBOOK.md#{rule['alert'].lower()}"
    assert rule["labels"]["severity"] in {"page", "ticket"}


def test_panels_have_names_of_their_own_and_lie_side_by_side() -> None:
    panels = promql.DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)
    places = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(set(places)) == len(places)
    assert max(x for x, _ in places) < 24
    assert all(panel["type"] == "row" or panel["description"] for panel in panels)


@_needs_promtool
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "config", promql.GRAFANA / "prometheus.yml"),
        ("check", "rules", promql.GRAFANA / "alerts.yml"),
        ("test", "rules", Path(__file__).with_name("alerts_test.yml")),
    ],
    ids=["config", "rules", "firing"],
)
def test_what_promtool_says(arguments: tuple[str | Path, ...]) -> None:
    assert promtool
    done = subprocess.run([promtool, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - as it was found.
    assert done.returncode == 0, done.stdout + done.stderr


@_needs_promtool
def test_the_panels_ask_in_promql(tmp_path: Path) -> None:
    rules = [f"      - record: x{number}\n        expr: {_quoted(each)}" for number, each in enumerate(promql.panels())]
    file = tmp_path / "panels.yml"
    file.write_text("groups:\n  - name: panels\n    rules:\n" + "\n".join(rules))
    done = subprocess.run([str(promtool), "check", "rules", file], capture_output=True, text=True, check=False)  # noqa: S603 - likewise.
    assert done.returncode == 0, done.stdout + done.stderr


def _quoted(expression: str) -> str:
    return "'" + expression.replace("'", "''") + "'"

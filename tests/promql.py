"""What expressions of PromQL ask for: the metrics and labels of the dashboard and of the alerts."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

GRAFANA: Final = Path(__file__).resolve().parents[1] / "deploy" / "grafana"
DASHBOARD: Final[dict[str, Any]] = json.loads((GRAFANA / "dashboard.json").read_text())
RULES: Final[list[dict[str, Any]]] = yaml.safe_load((GRAFANA / "alerts.yml").read_text())["groups"][0]["rules"]

_NAME: Final = re.compile(r"\b(antar_\w+)\s*(\{[^}]*\})?")
_LABEL: Final = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"')
_GROUPED: Final = re.compile(r"\b(?:by|without)\s*\(([^)]*)\)")


def expressions() -> list[str]:
    """Give everything that the dashboard and the alerts ask for."""
    return [*(rule["expr"] for rule in RULES), *panels()]


def panels() -> Iterator[str]:
    """Give what the panels ask for, as Grafana would for the last minutes of all jobs."""
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"].replace("$__rate_interval", "5m").replace("$job", ".+")


def metrics(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Give each metric that an expression names, and the labels by which it chooses."""
    for name, selector in _NAME.findall(expression):
        yield name, set(_LABEL.findall(selector))


def grouped(expression: str) -> set[str]:
    """Give the labels by which an expression groups."""
    return {label.strip() for labels in _GROUPED.findall(expression) for label in labels.split(",")}


def family(sample: str) -> str:
    """Give the metric that a sample belongs to."""
    return re.sub(r"_(bucket|sum|count)$", "", sample) if "_seconds_" in sample else sample

"""Metrics that are looked up when somebody asks, and that no process keeps."""

from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily

Labels = tuple[str, ...]
"""The values of a metric's labels, in their order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """One of them: its name, its help and the names of its labels."""

    name: str
    text: str
    labels: Labels = ()

    def family(self, found: Mapping[Labels, float]) -> GaugeMetricFamily:
        """Give what was found as Prometheus takes it."""
        family = GaugeMetricFamily(self.name, self.text, labels=self.labels)
        for labels, value in found.items():
            family.add_metric(labels, value)
        return family

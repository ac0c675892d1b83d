"""Every metric there is, as the module that defines them has it."""

from dataclasses import dataclass
from typing import Final

from prometheus_client import Counter, Gauge, Histogram, metrics

from shared import metrics as module
from shared.figures.seen import Seen


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """What one says of itself."""

    name: str
    kind: str
    text: str
    labels: tuple[str, ...]


def _of(each: Seen | metrics.MetricWrapperBase) -> Definition:
    if isinstance(each, Seen):
        return Definition(name=each.name, kind="gauge", text=each.text, labels=each.labels)
    (metric,) = each.describe()
    name = f"{metric.name}_total" if metric.type == "counter" else metric.name
    return Definition(name=name, kind=metric.type, text=metric.documentation, labels=each._labelnames)


EVERY: Final = {
    found.name: found
    for found in (_of(each) for each in vars(module).values() if isinstance(each, Counter | Gauge | Histogram | Seen))
}

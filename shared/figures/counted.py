"""What processes have counted, as ``/metrics`` shows it."""

from collections.abc import Iterable, Iterator
from typing import Final

import structlog
from prometheus_client import Metric
from prometheus_client.registry import Collector

from shared import metrics
from shared.figures.folder import Folder

_log: Final = structlog.get_logger("figures")


class Counted(Collector):
    """What all processes of a folder have counted; without one, what this process has."""

    def __init__(self, folder: Folder | None) -> None:
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        """Give every metric, also one that nothing is known of yet."""
        own = metrics.REGISTRY.collect()
        return iter(own) if self._folder is None else _of_all(own, _read(self._folder))


def _of_all(own: Iterable[Metric], counted: Iterable[Metric]) -> Iterator[Metric]:
    found = {metric.name: metric for metric in counted}
    for metric in own:
        yield found.get(metric.name) or Metric(metric.name, metric.documentation, metric.type)


def _read(folder: Folder) -> list[Metric]:
    """Add up a folder; one that cannot be read has nothing, so that what else is known is shown."""
    try:
        return folder.collect()
    except (OSError, ValueError) as error:
        _log.warning("figures.unreadable", error=type(error).__name__, reason=str(error))
        return []

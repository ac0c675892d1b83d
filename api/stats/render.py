"""From counts to their resource."""

from collections.abc import Mapping
from typing import Any, Final

from shared import ids
from shared.domain.times import rfc3339
from shared.management.statistics import Counts, Dimension, Period

JsonObject = dict[str, Any]

_PREFIXES: Final[Mapping[Dimension, str]] = {
    Dimension.ACCOUNT: ids.ACCOUNT,
    Dimension.KEY: ids.KEY,
    Dimension.CAMPAIGN: ids.CAMPAIGN,
}
_MOMENTS: Final = frozenset({Dimension.HOUR, Dimension.DAY})


def stats(within: Period, counts: Counts) -> JsonObject:
    """Give the counts of a period."""
    return {
        "object": "stats",
        "from": rfc3339(within.since),
        "until": rfc3339(within.until),
        "rows": [{**_group(row.group), "count": row.number} for row in counts.rows],
        "totals": {state.value: number for state, number in counts.totals.items()},
    }


def _group(group: Mapping[Dimension, Any]) -> JsonObject:
    return {dimension.value: _value(dimension, value) for dimension, value in group.items()}


def _value(dimension: Dimension, value: Any) -> Any:
    if value is None:
        return None
    if dimension in _MOMENTS:
        return rfc3339(value)
    prefix = _PREFIXES.get(dimension)
    return ids.encode(prefix, value) if prefix else value

"""What the query of the statistics may say."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from api import lists, native
from api.errors import invalid_value
from shared import ids
from shared.db import clock
from shared.domain.channels import Channel
from shared.domain.outcome import Code
from shared.domain.states import COUNTED, DeliveryState
from shared.management import statistics
from shared.management.errors import Invalid
from shared.management.statistics import Dimension, Filters, Period

DIMENSIONS: Final = tuple(each for each in Dimension if each is not Dimension.ACCOUNT)
"""What an account may tell its own counts apart by."""
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,18}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """What is to be counted."""

    within: Period
    filters: Filters
    group_by: tuple[Dimension, ...]


def parse(arguments: Mapping[str, str], account_id: UUID) -> Query:
    """Read a query; parameters that are not known are ignored. Raises :class:`InvalidRequest` naming the parameter."""
    return Query(within=_period(arguments), filters=_filters(arguments, account_id), group_by=_dimensions(arguments))


def _period(arguments: Mapping[str, str]) -> Period:
    try:
        return statistics.period(lists.moment(arguments, "from"), lists.moment(arguments, "until"), clock.now())
    except Invalid as error:
        raise refusal(error) from None


def refusal(error: Invalid) -> Exception:
    """Make the refusal of a parameter from what is wrong with it."""
    return invalid_value(error.field, str(error).removeprefix(f"{error.field}: "))


def _filters(arguments: Mapping[str, str], account_id: UUID) -> Filters:
    state = lists.one_of(arguments, "state", COUNTED)
    return Filters(
        account_id=account_id,
        channel=lists.member(arguments, "channel", Channel),
        key_id=_identifier(arguments, "key", ids.KEY),
        template_id=_template(arguments),
        campaign_id=_identifier(arguments, "campaign", ids.CAMPAIGN),
        state=None if state is None else DeliveryState(state),
        code=lists.member(arguments, "code", Code),
    )


def _identifier(arguments: Mapping[str, str], name: str, prefix: str) -> UUID | None:
    return native.reference(prefix, arguments.get(name), name, f"must be an id that begins with {prefix}_")


def _template(arguments: Mapping[str, str]) -> int | None:
    text = arguments.get("template")
    if text is None:
        return None
    if not _NUMBER.fullmatch(text) or int(text) > lists.LAST_NUMBER:
        raise invalid_value("template", "must be the id of a template")
    return int(text)


def _dimensions(arguments: Mapping[str, str]) -> tuple[Dimension, ...]:
    """Read what counts are told apart by, each once."""
    names = [name.strip() for name in arguments.get("group_by", "").split(",") if name.strip()]
    if any(name not in DIMENSIONS for name in names):
        raise invalid_value("group_by", f"must be a comma-separated list of {', '.join(DIMENSIONS)}")
    return tuple(Dimension(name) for name in dict.fromkeys(names))

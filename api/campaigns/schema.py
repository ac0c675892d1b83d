"""What requests about campaigns may say: bodies, and the queries of lists. What is not known is ignored."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from flask import Request
from pydantic import BaseModel, ValidationError
from werkzeug.http import parse_options_header

from api import channel_keys, explanations, lists, syntax
from api.campaigns.requests import CampaignChanges, Columns, NewCampaign, QuietHours, Resending
from api.dialects.kirisan import models as sends
from api.dialects.kirisan import schema as kirisan
from api.dialects.kirisan.errors import Rejection
from api.errors import Forbidden, InvalidRequest, invalid_value
from shared.domain import times
from shared.domain.campaigns import CampaignPlan, CampaignState, ColumnMapping, PlannedChannel, RecipientState
from shared.domain.channels import Channel
from shared.domain.send import PlannedDelivery
from shared.management.campaigns import readers
from shared.management.campaigns.fields import Fields
from shared.management.campaigns.readers import Format
from shared.management.campaigns.records import SHORTEST_SEARCH, Campaign, Filters

_FILTERS: Final = ("state", "name", "created_after", "created_before")
_LONGEST_NAME: Final = 255
_LONGEST_NUMBER: Final = 12
_NAMELESS: Final = "recipients"
_MEDIA_TYPES: Final[Mapping[str, Format]] = {
    "text/csv": Format.CSV,
    "application/jsonl": Format.JSON_LINES,
    "application/x-ndjson": Format.JSON_LINES,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": Format.XLSX,
}
_PLANNED: Final = frozenset({"variables", "expires_in"})
_CLEARED: Final = frozenset({*_PLANNED, "schedule", "recurrence", "quiet_hours", "rate_per_second", "delay_seconds"})
"""What ``null`` takes away; otherwise it is absent."""

_Model = TypeVar("_Model", bound=BaseModel)
_Asked = NewCampaign | CampaignChanges


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What is to change of a campaign."""

    values: Mapping[str, Any]
    """By the names of :class:`Fields`, but the plan."""
    plan: Mapping[str, Any]
    """By the names of :class:`CampaignPlan`."""

    def of(self, campaign: Campaign) -> dict[str, Any]:
        """Give the changes of a campaign as it stands."""
        return {**self.values, "plan": replace(campaign.plan, **self.plan)} if self.plan else dict(self.values)


def new(body: bytes, account_id: UUID) -> Fields:
    """Read a campaign to be made.

    Raises:
        InvalidRequest: The body is wrong; the field is named.
        Forbidden: A key is not the account's.
    """
    asked = _parse(NewCampaign, body)
    plan = CampaignPlan(**_channels(asked, account_id), variables=_variables(asked), expires_in=asked.expires_in)
    return Fields(plan=plan, **{name: value for part in _parts(asked) for name, value in part.items()})


def changes(body: bytes, account_id: UUID) -> Wish:
    """Read the changes of a campaign. Raises as :func:`new`."""
    asked = _parse(CampaignChanges, body)
    given = {name for name in asked.model_fields_set if name in _CLEARED or getattr(asked, name) is not None}
    values = {name: value for name in given & _PARTS.keys() for name, value in _PARTS[name](asked).items()}
    plan = _channels(asked, account_id) if given & {"keys", "content", "behaviour"} else {}
    plan |= {"variables": _variables(asked)} if "variables" in given else {}
    return Wish(values=values, plan=plan | ({"expires_in": asked.expires_in} if "expires_in" in given else {}))


def resending(body: bytes) -> Resending:
    """Read to whom is to be sent again; a request without a body leaves it to us. Raises :class:`InvalidRequest`."""
    return _parse(Resending, body or b"{}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Query(lists.Page):
    """A page of campaigns."""

    filters: Filters


def campaigns(arguments: Mapping[str, str], account_id: UUID) -> Query:
    """Read the query of a list of campaigns. Raises :class:`InvalidRequest` naming the parameter."""
    filters = Filters(
        state=lists.member(arguments, "state", CampaignState),
        name=_searched(arguments),
        created_after=lists.moment(arguments, "created_after"),
        created_before=lists.moment(arguments, "created_before"),
    )
    search = ("campaigns", account_id.hex, *(arguments.get(name) for name in _FILTERS))
    return Query(filters=filters, limit=lists.limit(arguments), before_id=lists.last_id(arguments, search), search=search)


def recipients(arguments: Mapping[str, str], campaign_id: UUID) -> tuple[lists.Page, RecipientState | None]:
    """Read the query of a list of recipients. Raises as :func:`campaigns`."""
    state = lists.member(arguments, "state", RecipientState)
    return lists.page(arguments, ("campaign_recipients", campaign_id.hex, arguments.get("state"))), state


def row(arguments: Mapping[str, str]) -> int:
    """Read the number of a row. Raises as :func:`campaigns`."""
    text = arguments.get("row", "")
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER and int(text)):
        raise invalid_value("row", "must be the number of a row of the file, from 1")
    return int(text)


def _searched(arguments: Mapping[str, str]) -> str | None:
    text = arguments.get("name")
    if text is not None and (len(text.strip()) < SHORTEST_SEARCH or "\0" in text):
        raise invalid_value("name", f"must have {SHORTEST_SEARCH} characters at least")
    return text


def _parse(model: type[_Model], body: bytes) -> _Model:
    try:
        syntax.read(body)
        return model.model_validate_json(body, strict=True)
    except syntax.InvalidJson as error:
        raise InvalidRequest("invalid_request", str(error)) from None
    except ValidationError as error:
        raise _refused(explanations.explain(error)) from None


def _refused(reason: str) -> InvalidRequest:
    """Make the refusal of a reason that begins with the name of a field."""
    field = reason.partition(" ")[0]
    return InvalidRequest("invalid_field_value", reason, param=None if field == "body" else field)


def _channels(asked: _Asked, account_id: UUID) -> dict[str, Any]:
    """Plan the channels as those of a send are planned, which has no target yet."""
    target, context = sends.Target(variables=asked.variables), sends.Context(behaviour=asked.behaviour)
    try:
        request = kirisan.check(
            sends.Body.model_construct(keys=asked.keys, content=asked.content, target=target, context=context), datetime.now(UTC)
        )
        planned = kirisan.plan(request, channel_keys.resolve(account_id, request.tokens()))
    except Rejection as error:
        raise _misplanned(error.reason) from None
    except channel_keys.ForeignKeyToken as error:
        raise Forbidden("foreign_key", str(error)) from None
    return {"channels": tuple(map(_channel, planned.deliveries)), "until": planned.until}


def _channel(delivery: PlannedDelivery) -> PlannedChannel:
    return PlannedChannel(
        channel=delivery.channel,
        tier=delivery.tier,
        fallback=delivery.fallback,
        key_id=delivery.key_id,
        template_id=delivery.template_id,
        content=delivery.content,
    )


def _misplanned(reason: str) -> InvalidRequest:
    """Name the field that the rules of a send are about, where their words do not begin with it."""
    message = reason.removeprefix("context.")
    first = message.partition(" ")[0]
    if first in set(Channel):
        first = f"content.{first}"
    param = first if first.startswith(("content", "behaviour")) else "keys"
    return InvalidRequest("invalid_field_value", message, param=param)


def _variables(asked: _Asked) -> dict[str, str]:
    return {name: value for name, value in (asked.variables or {}).items() if value is not None}


def _mapping(columns: Columns) -> ColumnMapping:
    return ColumnMapping(targets=columns.targets, variables=columns.variables, time_zone=columns.time_zone)


def _schedule(asked: _Asked) -> dict[str, Any]:
    moment = None if asked.schedule is None else times.parse(str(asked.schedule))
    if moment is None and asked.schedule is not None:
        raise invalid_value("schedule", "must be ISO 8601 or unix seconds")
    return {"schedule_at": moment}


def _quiet(hours: QuietHours | None) -> dict[str, Any]:
    begin, end = (None, None) if hours is None else hours.times()
    return {"quiet_from": begin, "quiet_until": end}


def _rate(asked: _Asked) -> dict[str, Any]:
    if asked.rate_per_second is not None and asked.delay_seconds is not None:
        raise invalid_value("delay_seconds", "cannot be given with rate_per_second")
    rate = asked.rate_per_second if asked.delay_seconds is None else 1 / asked.delay_seconds
    return {"rate_per_second": rate}


_PARTS: Final[Mapping[str, Any]] = {
    "name": lambda asked: {"name": asked.name},
    "columns": lambda asked: {"mapping": _mapping(asked.columns)},
    "schedule": _schedule,
    "recurrence": lambda asked: {"recurrence": asked.recurrence},
    "time_zone": lambda asked: {"time_zone": asked.time_zone},
    "quiet_hours": lambda asked: _quiet(asked.quiet_hours),
    "rate_per_second": _rate,
    "delay_seconds": _rate,
}
"""What each field of a request makes of :class:`Fields`."""


def _parts(asked: NewCampaign) -> list[dict[str, Any]]:
    return [_PARTS[name](asked) for name in _PARTS]


def file(asked: Request) -> tuple[str, Format]:
    """Read what a file is called, and what it is written in: as is said, by its media type or its name. Raises as :func:`new`."""
    name = asked.args.get("name") or _disposed(asked) or _NAMELESS
    if "\0" in name or len(name) > _LONGEST_NAME:
        raise invalid_value("name", f"must have {_LONGEST_NAME} characters at most")
    source = lists.member(asked.args, "format", Format) or _MEDIA_TYPES.get(asked.mimetype) or readers.guess(name)
    if source is None:
        raise invalid_value("format", f"is required, one of {', '.join(Format)}, as neither the media type nor the name tells it")
    return name, source


def _disposed(asked: Request) -> str | None:
    """Give the name of a file as the request's ``Content-Disposition`` has it."""
    _, options = parse_options_header(asked.headers.get("Content-Disposition"))
    return options.get("filename")

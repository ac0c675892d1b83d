"""What a move may say: a JSON object with ``schedule``, ``expires_at`` and ``variables``, each judged as in a send request.

Unknown fields are ignored and null is absent, as there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api import explanations, syntax
from api.dialects.kirisan import errors, validation
from api.dialects.kirisan.models import UnixSeconds
from api.errors import InvalidRequest
from api.variables import Variable
from shared.domain.channels import Channel
from shared.domain.content import Message, Text
from shared.management.schedule import Change, Standing

_Checked = TypeVar("_Checked")


class Move(BaseModel):
    """What is to change of a send that waits for its time; at least one of its fields."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    schedule: Annotated[UnixSeconds, Field(description="Send at this time, in unix seconds.")] = None
    expires_at: Annotated[UnixSeconds, Field(description="Send nothing from this time on, in unix seconds.")] = None
    variables: Annotated[
        dict[Text, Variable | None] | None,
        Field(description="What replaces {{placeholders}}: all of them anew, for every channel."),
    ] = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """A move whose JSON types are right; whether its times and variables are, depends on the send."""

    schedule: Any
    expires_at: Any
    variables: Mapping[str, str] | None


def parse(body: bytes) -> Wish:
    """Read the body of a move. Raises :class:`InvalidRequest`, naming the field."""
    parsed = _read(body)
    if parsed.schedule is None and parsed.expires_at is None and parsed.variables is None:
        raise InvalidRequest("missing_required_field", "one of schedule, expires_at and variables is required")
    given = parsed.variables
    variables = None if given is None else {name: value for name, value in given.items() if value is not None}
    return Wish(schedule=parsed.schedule, expires_at=parsed.expires_at, variables=variables)


def check(wish: Wish, standing: Standing, messages: Sequence[tuple[Channel, Message]]) -> Change:
    """Judge a move by the send as it stands and its own messages. Raises :class:`InvalidRequest`, naming the field."""
    schedule_at = _checked("schedule", lambda: validation.schedule(wish.schedule, standing.now))
    due = schedule_at or standing.schedule_at or standing.now
    expires_at = _checked("expires_at", lambda: validation.expiry(wish.expires_at, due))
    if expires_at is None:
        _require_before_expiry(schedule_at, standing.expires_at)
    if wish.variables is not None:
        for channel, message in messages:
            _check_message(channel, message, wish.variables)
    return Change(schedule_at=schedule_at, expires_at=expires_at, variables=wish.variables)


def _read(body: bytes) -> Move:
    try:
        syntax.read(body)
        return Move.model_validate_json(body, strict=True)
    except syntax.InvalidJson as error:
        raise InvalidRequest("invalid_request", str(error)) from None
    except ValidationError as error:
        location = error.errors(include_url=False, include_input=False)[0]["loc"]
        raise _wrong(str(location[0]) if location else None, explanations.explain(error)) from None


def _checked(param: str, check: Callable[[], _Checked]) -> _Checked:
    try:
        return check()
    except errors.Rejection as rejection:
        raise _wrong(param, rejection.reason) from None


def _check_message(channel: Channel, message: Message, variables: Mapping[str, str]) -> None:
    _checked("variables", lambda: validation.complete(channel, message, variables))


def _require_before_expiry(schedule_at: datetime | None, expires_at: datetime | None) -> None:
    if schedule_at is not None and expires_at is not None and expires_at <= schedule_at:
        raise _wrong("schedule", "Invalid schedule: the send expires before; move expires_at too.")


def _wrong(param: str | None, message: str) -> InvalidRequest:
    return InvalidRequest("invalid_field_value", message, param=param)

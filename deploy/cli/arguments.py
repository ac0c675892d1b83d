"""The kinds of argument that commands take."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Any, Final, Generic, TypeVar
from uuid import UUID

import click

from shared import ids
from shared.domain import times
from shared.domain.channels import Channel
from shared.management.errors import Invalid

T = TypeVar("T")

_DURATION: Final = re.compile(r"([0-9]{1,5})([dhms])")
_UNITS: Final = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


class Identifier(click.ParamType[UUID]):
    """An id with its prefix, as the commands print it."""

    def __init__(self, prefix: str) -> None:
        self.name = f"{prefix}_..."
        self._prefix = prefix

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> UUID:
        """Read the id."""
        identifier = value if isinstance(value, UUID) else ids.decode(self._prefix, value)
        return identifier or self.fail(f"{value!r} is not an id that begins with {self._prefix}_", param, ctx)


class SendIdentifier(click.ParamType[UUID]):
    """The id of a send, or of one of its deliveries."""

    name = "snd_...|dlv_..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> UUID:
        """Read the id and give the send's."""
        send_id = value if isinstance(value, UUID) else ids.decode(ids.SEND, value)
        delivery_id = None if send_id else ids.decode(ids.DELIVERY, value)
        if delivery_id is not None:
            return ids.send_of(delivery_id)
        return send_id or self.fail(f"{value!r} is neither a send's id (snd_...) nor a delivery's (dlv_...)", param, ctx)


class Moment(click.ParamType[datetime]):
    """A point in time, as the API's filters take it."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read the time."""
        moment = value if isinstance(value, datetime) else times.parse(value)
        return moment or self.fail(f"{value!r} is neither ISO 8601 nor unix seconds", param, ctx)


class Duration(click.ParamType[timedelta]):
    """A length of time, as ``90d`` or ``12h``."""

    name = "N(d|h|m|s)"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read the length."""
        if isinstance(value, timedelta):
            return value
        match = _DURATION.fullmatch(value)
        return (
            timedelta(**{_UNITS[match[2]]: int(match[1])})
            if match
            else self.fail(f"{value!r} is not like 90d, 12h or 30m", param, ctx)
        )


@dataclass(frozen=True)
class Given(Generic[T]):
    """The value of an option that was given; ``None`` takes away what was there."""

    value: T | None


class OrNone(click.ParamType[Given[Any]]):
    """What another type takes, or ``none``."""

    def __init__(self, inner: click.ParamType[Any]) -> None:
        self.name = f"{inner.name}|none"
        self._inner = inner

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Given[Any]:
        """Read the value."""
        return Given(None if value == "none" else self._inner.convert(value, param, ctx))


class Switch(click.ParamType[Given[bool]]):
    """``on``, ``off``, or ``default`` for what holds where nothing is said."""

    name = "on|off|default"
    _values: Final = {"on": True, "off": False, "default": None}

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Given[bool]:
        """Read the value."""
        if value not in self._values:
            self.fail(f"{value!r} is not one of on, off, default", param, ctx)
        return Given(self._values[value])


account = click.argument("account", metavar="ACCOUNT")
"""An account's name, or its id."""

limit = click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many at the most.")

channel = click.argument("channel", type=click.Choice([each.value for each in Channel]))

channel_option = click.option("--channel", type=click.Choice([each.value for each in Channel]), help="Only those of this channel.")


def read_json(file: IO[bytes], field: str) -> dict[str, Any]:
    """Read a JSON object from a file. Raises :class:`Invalid`, which never quotes the file."""
    try:
        document = json.loads(file.read())
    except json.JSONDecodeError as error:
        raise Invalid(field, f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except (UnicodeDecodeError, RecursionError):
        raise Invalid(field, "is not JSON") from None
    if not isinstance(document, dict):
        raise Invalid(field, "must be a JSON object")
    return document

"""The body of a send request, as it stands on the wire, and the answers, which :mod:`api.dialects.kirisan.render` writes.

Validation here is of JSON types and of what no channel could use. What depends on the channels that are active is decided in
:mod:`api.dialects.kirisan.validation`. Unknown fields are ignored at every level; null means absent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
)
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import CoreSchema, core_schema

from api import explanations
from api.models import Answered
from api.variables import Variable
from shared.domain.channels import Channel
from shared.domain.confirmation import LONGEST, Level
from shared.domain.content import Message, Text

CHOICES: Final = ("all", Channel.WHATSAPP, Channel.TELEGRAM, Channel.WABA, Channel.EMAIL)
"""What ``context.behaviour.channel`` can be, in the order a refusal lists it."""

_CHANNELS: Final = {channel.value: channel for channel in Channel}


def _known_channels(value: Any) -> Any:
    """Keep the channels this API knows, in the caller's order."""
    if not isinstance(value, Mapping):
        return value
    return {_CHANNELS[name]: item for name, item in value.items() if name in _CHANNELS and item is not None}


def _strict_value(value: Any) -> Any:
    """Drop nulls and freeze arrays: strict validation takes tuples for tuples."""
    if isinstance(value, dict):
        return {name: _strict_value(item) for name, item in value.items() if item is not None}
    return tuple(map(_strict_value, value)) if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class InlineMessage:
    """A message as written."""

    type: Any
    """As the caller wrote it; ``None`` when it is missing."""
    content: Message | ValidationError
    """The message, or what is wrong in it, which matters only on a channel that is sent on."""

    @classmethod
    def _read(cls, value: Any, handler: ValidatorFunctionWrapHandler) -> Self:
        plain = _strict_value(value)
        try:
            message: Message = handler(plain)
        except ValidationError as error:
            wrong_type = explanations.first_wrong_type(error)
            if wrong_type:
                raise wrong_type from None
            return cls(plain.get("type"), error)
        return cls(message.type, message)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Describe it as the message it holds."""
        return core_schema.no_info_wrap_validator_function(cls._read, handler(Message))


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Key(_Wire):
    """A channel to send by, and its place in the cascade."""

    token: Annotated[Text, Field(min_length=1, description="The channel key: the token of the device, bot, number or sender.")]
    fallback: Annotated[bool | None, Field(description="Whether the channel waits for every earlier tier to fail.")] = None
    fallback_sequence: Annotated[
        Annotated[int, Field(ge=0)] | None,
        Field(description="The fallback tier, 1 before 2; equal numbers are sent in parallel. Missing or 0 is 1."),
    ] = None


class ChannelContent(_Wire):
    """What to send on one channel: exactly one of a saved template and an inline message."""

    template: Annotated[int | None, Field(description="The id of an approved, active template.")] = None
    message: Annotated[InlineMessage | None, Field(description="An inline message; not for email.")] = None


class Target(_Wire):
    """The one recipient, by channel."""

    whatsapp: Annotated[Text | None, Field(description="A phone number with its country code; the + is optional.")] = None
    waba: Annotated[Text | None, Field(description="A phone number with its country code; the + is optional.")] = None
    telegram: Annotated[Text | None, Field(description="A chat id.")] = None
    email: Annotated[Text | None, Field(description="An email address.")] = None
    variables: Annotated[
        dict[Text, Variable | None] | None,
        Field(description="What replaces {{placeholders}} in templates and inline messages."),
    ] = None


UnixSeconds = Annotated[Any, WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "null"}]})]
"""Any value, so that the reason of a refusal can name the time rather than the path."""


class Timing(_Wire):
    """When to send."""

    schedule: Annotated[UnixSeconds, Field(description="Send at this time, in unix seconds; null sends now.")] = None
    expires_at: Annotated[UnixSeconds, Field(description="Send nothing from this time on, in unix seconds.")] = None


class Behaviour(_Wire):
    """How to send."""

    channel: Annotated[
        Text | None,
        Field(description="Restricts the send to one channel.", json_schema_extra={"enum": [*CHOICES, None]}),
    ] = None
    until: Annotated[
        Text | None,
        Field(
            description="How far a message must get before later tiers are left alone: `sent` is to its provider.",
            json_schema_extra={"enum": [*Level, None]},
        ),
    ] = None
    within: Annotated[
        Annotated[int, Field(ge=1, le=LONGEST)] | None,
        Field(description="Seconds from the moment the provider took the message; required with `delivered` and `read`."),
    ] = None


class Context(_Wire):
    """Scheduling and behaviour."""

    timing: Timing | None = None
    behaviour: Behaviour | None = None


Keys = Annotated[dict[Channel, Key] | None, BeforeValidator(_known_channels), Field(description="The channels to send by.")]
Contents = Annotated[
    dict[Channel, ChannelContent] | None, BeforeValidator(_known_channels), Field(description="What to send on each channel.")
]


class Body(_Wire):
    """A send to one recipient, on one channel or several."""

    model_config = ConfigDict(json_schema_extra={"required": ["keys", "content", "target"]})

    keys: Keys = None
    content: Contents = None
    target: Annotated[Target | None, Field(description="Whom to send to.")] = None
    context: Annotated[Context | None, Field(description="When and how to send.")] = None


_Flag = Literal[True] | SkipJsonSchema[None]


class ChannelResult(Answered):
    """What came of one channel."""

    status: Annotated[bool, Field(description="Whether its provider accepted the message, or it is scheduled or queued.")]
    scheduled: Annotated[_Flag, Field(description="It waits for the time of the send.")] = None
    queued: Annotated[_Flag, Field(description="Its outcome is still open.")] = None
    awaiting: Annotated[
        Literal["delivered", "read"] | SkipJsonSchema[None],
        Field(description="Its provider took it, and this receipt is waited for: the next tier opens without it."),
    ] = None
    reason: Annotated[str | SkipJsonSchema[None], Field(description="Why it was not sent, or not as far as was asked.")] = None
    detail: Annotated[dict[str, Any] | SkipJsonSchema[None], Field(description="The provider's own words.")] = None
    fallback: Annotated[_Flag, Field(description="It was tried in a fallback tier.")] = None
    processing_time: Annotated[
        str | SkipJsonSchema[None],
        Field(pattern=r"^\d+ms$", description="From the start of its last try to its outcome."),
    ] = None


class Outcome(Answered):
    """What came of a send, so far as it was reached: channels of tiers that were not tried are left out."""

    status: Annotated[bool, Field(description="Whether a channel delivered, was scheduled or is queued.")]
    scheduled: Annotated[_Flag, Field(description="The send waits for its time.")] = None
    queued: Annotated[_Flag, Field(description="The outcome is still open: look it up by `id`.")] = None
    id: Annotated[str, Field(pattern="^snd_[0-9A-HJKMNP-TV-Z]{26}$")]
    channels: dict[Channel, ChannelResult]


class Refused(Answered):
    """The whole request was refused, and nothing of it is sent."""

    status: Literal[False]
    reason: Annotated[str, Field(description="Why; it names the field.")]

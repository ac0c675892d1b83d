"""Channel keys, as they are asked for and answered: :mod:`api.keys.render` writes the latter."""

from typing import Annotated, Literal

from pydantic import Field

from api.models import Answered, Moment, Page, RequestId
from api.native import Asked
from shared.domain.channels import Channel
from shared.domain.content import StorableObject, Text
from shared.domain.states import KeyStatus, OnUnknown
from shared.management import keys

_PERIODS = Literal["day", "month"]
_JUDGES = Literal["trust_provider", "enforce"]

KeyId = Annotated[str, Field(pattern="^key_[0-9A-HJKMNP-TV-Z]{26}$")]
Name = Annotated[Text, Field(min_length=1, max_length=200, description="What people call the sender.")]
Credentials = Annotated[
    StorableObject,
    Field(
        description="What the provider knows the sender by, as its channel wants it. It is stored encrypted and never shown again. "
        "`base_url` or `host` must be on the public internet, or in `ANTAR_EGRESS_ALLOW`."
    ),
]
Sender = Annotated[Text, Field(max_length=40, description="The phone number it sends from, with its country code.")]
Rate = Annotated[float, Field(ge=keys.LOWEST_RATE, le=keys.HIGHEST_RATE, description="Messages a second at the most.")]
Quota = Annotated[
    int, Field(ge=0, le=keys.HIGHEST_QUOTA, description="Messages in a period at the most; without a period, in all.")
]
Period = Annotated[_PERIODS, Field(description="When the quota begins anew.")]
Unknown = Annotated[OnUnknown, Field(description="What to do when nobody can say whether a message left.")]


class KeySettings(Asked):
    """Settings of a key; what is left out stays, and `null` is the default."""

    window: Annotated[
        _JUDGES | None, Field(description="Who judges the 24-hour window of WABA; the provider unless it is said.")
    ] = None
    late_fallback: Annotated[
        bool | None, Field(description="Whether a failure that is reported late opens the next tier; by WABA it does.")
    ] = None


class _Limits(Asked):
    """What may be said of a key at any time."""

    sender: Sender | None = None
    settings: KeySettings | None = None
    rate_per_second: Rate | None = None
    quota_limit: Quota | None = None
    quota_period: Period | None = None
    on_unknown: Unknown | None = None


class NewKey(_Limits):
    """A key to be made."""

    name: Name
    credentials: Credentials


class KeyChanges(_Limits):
    """What is to change of a key. What is left out stays; `null` takes a limit away, and changes nothing else."""

    name: Name | None = None
    credentials: Annotated[Credentials | None, Field(description="All of them: none of the old is kept.")] = None


class KeyReason(Asked):
    """Why a key is not to be used."""

    reason: Annotated[Text, Field(max_length=500, description="For the answers to sends that meet this key.")] | None = None


class ToldKeySettings(Answered):
    """The settings of a key."""

    window: Annotated[_JUDGES | None, Field(description="Null but for WABA.")]
    late_fallback: bool


class Key(Answered):
    """A sender of the account."""

    id: KeyId
    object: Literal["channel_key"]
    channel: Channel
    name: str
    token_prefix: Annotated[str, Field(description="The first characters of the token that sends name it by.")]
    credentials: Annotated[
        list[str] | None, Field(description="The names of what is set, never the values; null when it cannot be read any more.")
    ]
    sender: str | None
    status: KeyStatus
    status_code: Annotated[str | None, Field(description="The code of the refusal that suspended it; null when a person did.")]
    status_reason: str | None
    status_since: Moment
    settings: ToldKeySettings
    rate_per_second: float | None
    quota_limit: int | None
    quota_used: int
    quota_period: _PERIODS | None
    quota_resets_at: Moment | None
    on_unknown: OnUnknown
    created_at: Moment


class CreatedKey(Key):
    """A key with its token, which is shown this once."""

    token: str


class OneKey(Answered):
    """A key."""

    data: Key
    request_id: RequestId


class OneCreatedKey(Answered):
    """A key with its token."""

    data: CreatedKey
    request_id: RequestId


class Keys(Page):
    """A page of keys, the newest first."""

    data: list[Key]

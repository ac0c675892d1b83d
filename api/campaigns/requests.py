"""Campaigns as they are asked for. Channels, keys, content and behaviour are those of ``POST /v1/send``."""

import re
from datetime import time
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from api.dialects.kirisan.models import Behaviour, Contents, Keys
from api.native import Asked
from api.variables import Variable
from shared.domain import recurrence
from shared.domain.channels import Channel
from shared.domain.content import Text
from shared.management.campaigns.fields import HIGHEST_RATE, LONGEST_NAME

LONGEST_LIFE: Final = 366 * 86_400
"""Seconds."""
LONGEST_DELAY: Final = 86_400.0
"""Seconds."""

Name = Annotated[Text, Field(min_length=1, max_length=LONGEST_NAME)]
Moments = Annotated[str | int, Field(description="ISO 8601, in UTC unless it says otherwise, or unix seconds.")]
Zone = Annotated[Text, Field(description="An IANA time zone, such as `Asia/Jakarta`.")]
Column = Annotated[Text, Field(min_length=1)]


_CLOCK: Final = r"^([01]\d|2[0-3]):[0-5]\d$"


def _clock(text: str) -> str:
    if re.fullmatch(_CLOCK, text, re.ASCII) is None:
        raise PydanticCustomError("time_of_day", "must be a time of day")
    return text


Clock = Annotated[
    Text, AfterValidator(_clock), Field(description="A time of day, as `21:00`.", json_schema_extra={"pattern": _CLOCK})
]


class Columns(Asked):
    """Which column of the file means what; of a file of JSON lines the names of its fields."""

    targets: Annotated[dict[Channel, Column], Field(min_length=1, description="The column of each channel's targets.")]
    variables: Annotated[dict[Text, Column], Field(default_factory=dict, description="The column of each variable.")]
    time_zone: Annotated[Column | None, Field(description="The column of time zones; otherwise a phone number tells its own.")] = (
        None
    )


class QuietHours(Asked):
    """When a recipient is left alone, by the recipient's own clock. They may go over midnight."""

    begin: Annotated[Clock, Field(alias="from")]
    end: Annotated[Clock, Field(alias="until")]

    def times(self) -> tuple[time, time]:
        """Give both as times."""
        return time.fromisoformat(self.begin), time.fromisoformat(self.end)


_Variables = Annotated[
    dict[Text, Variable | None] | None,
    Field(description="What replaces {{placeholders}} for everybody; a recipient's own variables come before these."),
]
_Behaviour = Annotated[Behaviour | None, Field(description="How to send; as of a send.")]
_Expiry = Annotated[
    Annotated[int, Field(ge=1, le=LONGEST_LIFE)] | None,
    Field(description="Seconds after which a recipient's send that has not left is given up."),
]
_Schedule = Annotated[
    Moments | None, Field(description="When it starts once it was told to, or when its recurrence begins; null starts it at once.")
]
_Recurrence = Annotated[
    Text | None,
    Field(
        max_length=recurrence.LONGEST,
        description="A rule of RFC 5545, as `FREQ=WEEKLY;BYDAY=MO`: each of its times makes a campaign of its own.",
    ),
]
_Quiet = Annotated[QuietHours | None, Field(description="When nobody is sent to.")]
_Rate = Annotated[
    Annotated[float, Field(gt=0, le=HIGHEST_RATE)] | None,
    Field(description="Recipients a second at the most; null leaves it to the channels. Not beside `delay_seconds`."),
]
_Delay = Annotated[
    Annotated[float, Field(gt=0, le=LONGEST_DELAY)] | None,
    Field(description="The same as seconds between two recipients."),
]


class NewCampaign(Asked):
    """A campaign to be made."""

    model_config = ConfigDict(json_schema_extra={"required": ["name", "keys", "content", "columns"]})

    name: Name
    keys: Keys = None
    content: Contents = None
    columns: Columns
    variables: _Variables = None
    behaviour: _Behaviour = None
    expires_in: _Expiry = None
    schedule: _Schedule = None
    recurrence: _Recurrence = None
    time_zone: Zone = "UTC"
    quiet_hours: _Quiet = None
    rate_per_second: _Rate = None
    delay_seconds: _Delay = None


class CampaignChanges(Asked):
    """What is to change of a campaign: what is left out stays, and null takes away what need not be."""

    name: Name | None = None
    keys: Annotated[Keys, Field(description="Given with `content`: the two are changed together, with `behaviour`.")] = None
    content: Contents = None
    columns: Annotated[Columns | None, Field(description="For the next file.")] = None
    variables: _Variables = None
    behaviour: _Behaviour = None
    expires_in: _Expiry = None
    schedule: _Schedule = None
    recurrence: _Recurrence = None
    time_zone: Zone | None = None
    quiet_hours: _Quiet = None
    rate_per_second: _Rate = None
    delay_seconds: _Delay = None


Ended = Literal["failed", "unknown", "expired", "cancelled"]


class Resending(Asked):
    """Whom to send to again."""

    name: Annotated[Name | None, Field(description="Of the new campaign; otherwise it is named after the first.")] = None
    states: Annotated[
        list[Ended],
        Field(
            default_factory=lambda: ["failed"],
            min_length=1,
            description="How their sends have ended. Of those that are `unknown` some would be reached twice.",
        ),
    ]

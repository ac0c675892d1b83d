"""What the room of statistics serves."""

from typing import Annotated, Final

from pydantic import Field

from api.openapi import counted
from api.openapi.operation import Answer, Operation, Tag
from api.openapi.parameters import query
from api.stats import models
from api.stats.schema import DIMENSIONS
from shared.domain.channels import Channel
from shared.domain.outcome import Code
from shared.management.statistics import MOST_DAYS, MOST_ROWS

_DIMENSION: Final = f"({'|'.join(DIMENSIONS)})"

OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/v1/stats",
        name="count_deliveries",
        summary="Count deliveries",
        description="Tells how many of the account's deliveries have ended, and how, by the hour in which they ended. The counts"
        " are exact at any moment: what becomes known later of a delivery, such as that a lost message was sent, is counted in the"
        f" hour in which it became known, and taken out of the one before. An answer has at most {MOST_ROWS} rows.",
        tag=Tag(name="Statistics", description="How many deliveries have ended, and how."),
        parameters=(
            query(
                "from",
                "Only those that ended in this hour or later: ISO 8601, in UTC unless it says otherwise, or unix seconds."
                f" A day before `until` when it is not said, and {MOST_DAYS} days at the most.",
            ),
            query("until", "Only those that ended before this time, or in its hour; now when it is not said."),
            query(
                "group_by",
                f"What they are told apart by, comma-separated: {', '.join(f'`{each}`' for each in DIMENSIONS)}.",
                Annotated[str, Field(pattern=f"^{_DIMENSION}(,{_DIMENSION})*$")],
            ),
            query("channel", "Only those on this channel.", Channel),
            query("key", "Only those sent with this channel key.", models.KeyId),
            query("template", "Only those of this template.", models.TemplateId),
            query("campaign", "Only those of this campaign.", models.CampaignId),
            query("state", "Only those that ended so.", models.State),
            query("code", "Only those that ended for this reason.", Code),
        ),
        answers=counted.answers(200, Answer(description="The counts.", type=models.ToldStats), 400),
    ),
)

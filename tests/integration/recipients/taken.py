"""Recipients that have become sends, without a feeder."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from shared.db.tables import campaign_recipients
from shared.domain.send import PlannedDelivery, SendPlan
from shared.management.campaigns.records import Campaign
from tests.integration.recipients.conftest import Office
from tests.integration.sends import rows

Changes = Mapping[int, Mapping[str, Any]]


def take(
    office: Office,
    campaign: Campaign,
    position: int,
    send: str = "running",
    deliveries: Changes | None = None,
) -> UUID:
    """Make a send of a recipient, as a feeder does, and give its id; its columns and its deliveries' are changed then."""
    recipients = campaign_recipients.c
    one = (recipients.campaign_id == campaign.id, recipients.position == position)
    with office.database.connect() as connection:
        row = connection.execute(select(campaign_recipients).where(*one)).one()
    plan = SendPlan(
        dialect="campaign",
        deliveries=tuple(
            PlannedDelivery(
                channel=each.channel,
                tier=each.tier,
                fallback=each.fallback,
                key_id=each.key_id,
                target=row.targets.get(each.channel.value),
                template_id=each.template_id,
                content=each.content,
            )
            for each in campaign.plan.channels
        ),
        variables={**campaign.plan.variables, **row.variables},
    )
    stored = rows.Stored(plan=plan, send={"campaign_id": campaign.id, "state": send}, deliveries=deliveries or {})
    send_id = rows.store(office.database, office.account_id, stored)
    with office.database.begin() as connection:
        connection.execute(update(campaign_recipients).where(*one).values(state="taken", send_id=send_id))
    return send_id

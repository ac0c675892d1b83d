"""Campaigns and their recipients as they are written before anything leaves, and what has become of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, func, insert, select, text, update

from shared import ids
from shared.db.tables import campaign_recipients, campaigns, deliveries, sends
from shared.domain.campaigns import CampaignPlan, CampaignState, ColumnMapping, PlannedChannel, dump_mapping, dump_plan
from shared.domain.channels import Channel

Sent = tuple[str, int, UUID]
"""A channel, its tier and its key."""


def plan(*channels: Sent, **options: Any) -> CampaignPlan:
    """Plan what every recipient gets."""
    planned = tuple(
        PlannedChannel(
            channel=Channel(channel),
            tier=tier,
            fallback=tier > 0,
            key_id=key_id,
            content={"type": "text", "message": "Hello {{name}}"},
        )
        for channel, tier, key_id in channels
    )
    return CampaignPlan(channels=planned, **options)


def store(
    connection: Connection,
    account_id: UUID,
    planned: CampaignPlan,
    recipients: Sequence[Mapping[str, Any]],
    **columns: Any,
) -> UUID:
    """Write a campaign that runs, with recipients that are numbered from 1; further arguments are its columns."""
    campaign_id = ids.new()
    mapping = ColumnMapping(targets={Channel.TELEGRAM: "chat"}, variables={})
    written = {"plan": dump_plan(planned), "mapping": dump_mapping(mapping)}
    own = {"id": campaign_id, "account_id": account_id, "name": "Sale", "rows": len(recipients), **written}
    started = {} if columns.get("state", "running") in _NOT_STARTED else {"started_at": func.now()}
    connection.execute(insert(campaigns).values({**own, "state": CampaignState.RUNNING, **started, **columns}))
    rows = [{"campaign_id": campaign_id, "position": number, **_DEFAULT, **row} for number, row in enumerate(recipients, start=1)]
    if rows:
        connection.execute(insert(campaign_recipients), rows)
    return campaign_id


_NOT_STARTED = {"draft", "importing", "scheduled"}
_DEFAULT: Mapping[str, Any] = {"state": "pending", "variables": {}, "time_zone": None, "due_at": None}


def person(address: str, *channels: str, **columns: Any) -> dict[str, Any]:
    """Give a recipient who has one address for some channels."""
    targets = dict.fromkeys(channels or ("telegram",), address)
    return {"targets": targets, "addresses": targets, **columns}


def people(number: int, *channels: str) -> list[dict[str, Any]]:
    """Give recipients whose addresses are 1001, 1002 and so on."""
    return [person(str(1000 + position), *channels) for position in range(1, number + 1)]


def campaign(database: Engine, campaign_id: UUID) -> dict[str, Any]:
    with database.connect() as connection:
        return dict(connection.execute(select(campaigns).where(campaigns.c.id == campaign_id)).mappings().one())


def change(database: Engine, campaign_id: UUID, **columns: Any) -> None:
    with database.begin() as connection:
        connection.execute(update(campaigns).where(campaigns.c.id == campaign_id).values(**columns))


def recipient_states(database: Engine, campaign_id: UUID) -> list[str]:
    """Give the states of the recipients, in their order."""
    chosen = select(campaign_recipients.c.state).where(campaign_recipients.c.campaign_id == campaign_id)
    with database.connect() as connection:
        return list(connection.execute(chosen.order_by(campaign_recipients.c.position)).scalars())


def made(database: Engine, campaign_id: UUID) -> list[dict[str, Any]]:
    """Give the sends, in the order of their ids."""
    with database.connect() as connection:
        rows = connection.execute(select(sends).where(sends.c.campaign_id == campaign_id).order_by(sends.c.id))
        return [dict(row) for row in rows.mappings()]


def delivered(database: Engine, campaign_id: UUID) -> list[dict[str, Any]]:
    """Give the deliveries, in the order of their ids."""
    with database.connect() as connection:
        rows = connection.execute(select(deliveries).where(deliveries.c.campaign_id == campaign_id).order_by(deliveries.c.id))
        return [dict(row) for row in rows.mappings()]


def targets(database: Engine, campaign_id: UUID) -> Counter[str]:
    """Count the deliveries to each target."""
    return Counter(row["target"] for row in delivered(database, campaign_id))


def end_sends(database: Engine, campaign_id: UUID, number: int, state: str = "sent") -> None:
    """Have some sends end, and be counted, as settling them does."""
    statement = text("""
        WITH ended AS (
            UPDATE sends SET state = :state, ended_at = now()
             WHERE id IN (SELECT id FROM sends WHERE campaign_id = :id AND state = 'running' ORDER BY id LIMIT :number)
            RETURNING id
        ), done AS (UPDATE deliveries SET state = :state, ended_at = now() FROM ended WHERE send_id = ended.id)
        INSERT INTO send_changes (campaign_id, state, number) SELECT :id, :state, count(*) FROM ended
    """)
    with database.begin() as connection:
        connection.execute(statement, {"id": campaign_id, "number": number, "state": state})


def answer(database: Engine, campaign_id: UUID) -> None:
    """Have the provider take every message, whose sends go on: they wait for a receipt, or for a person."""
    statement = text("UPDATE deliveries SET state = 'sent', ended_at = now() WHERE campaign_id = :id AND state = 'queued'")
    with database.begin() as connection:
        connection.execute(statement, {"id": campaign_id})

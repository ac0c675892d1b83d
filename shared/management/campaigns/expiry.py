"""Deleting campaigns that ended long ago, with their recipients and their files: addresses of people are not kept for ever."""

from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import Connection, Engine, func, select

from shared import ids, storage
from shared.db.tables import campaigns as table
from shared.domain.campaigns import ENDED
from shared.management.campaigns import records
from shared.management.campaigns.records import Campaign
from shared.management.errors import NotFound, TooLate

_log: Final = structlog.get_logger("campaigns")
_AT_ONCE: Final = 1000
"""Campaigns that one run deletes at the most."""


def expire(database: Engine, days: int) -> int:
    """Delete campaigns that ended more than so many days ago, those that ended first at the front; give how many they were.

    One of which something is still to end, or to be copied, stays until it has. One whose file cannot be deleted is tried again by
    the next run.
    """
    old = table.c.ended_at < func.now() - func.make_interval(0, 0, 0, days)
    ended = select(table.c.id).where(table.c.state.in_(ENDED), old).order_by(table.c.ended_at).limit(_AT_ONCE)
    with database.connect() as connection:
        found = connection.execute(ended).scalars().all()
    return sum(_expire(database, campaign_id) for campaign_id in found)


def _expire(database: Engine, campaign_id: UUID) -> bool:
    try:
        while not _take_step(database, campaign_id):
            pass
    except (NotFound, TooLate):
        return False
    except storage.StorageError as error:
        _log.warning("campaign.file_left", campaign=ids.encode(ids.CAMPAIGN, campaign_id), reason=str(error))
        return False
    return True


def _take_step(database: Engine, campaign_id: UUID) -> bool:
    """Delete some of a campaign's recipients, and when there are none left its file and itself; tell whether it is gone.

    The file goes first: once the campaign is gone nobody knows where it was.
    """
    with database.begin() as connection:
        campaign = records.lock(connection, None, campaign_id)
        records.require_removable(connection, campaign)
        return not records.remove_some(connection, campaign_id) and _remove(connection, campaign)


def _remove(connection: Connection, campaign: Campaign) -> bool:
    if campaign.source is not None:
        storage.delete(campaign.source)
    records.remove(connection, campaign)
    return True

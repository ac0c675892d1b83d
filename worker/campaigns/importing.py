"""Reading the files of campaigns in a worker: in a thread of the pool, so that its event loop and its other tasks go on."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final
from uuid import UUID

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError

from shared import storage
from shared.db import engine
from shared.domain.campaigns import CampaignState
from shared.management.campaigns import importing, records
from shared.management.campaigns.records import Campaign
from shared.management.errors import ManagementError, NotFound
from worker import failing
from worker.runtime.shutdown import Stopping

_log: Final = structlog.get_logger("campaigns")
_TROUBLE: Final = (DBAPIError, psycopg.OperationalError, OSError, storage.StorageError)
"""What passes: the campaign stays as it is, and is published again."""


class _Stopped(Exception):
    """The process is to end, and somebody else is to read the file from its beginning."""


def read_files(stopping: Stopping, campaign_ids: Sequence[UUID]) -> None:
    """Read the files of those of some campaigns that wait for it.

    A task may come twice, also while the first still runs: whoever comes second finds the file being read, or read. Raises what
    Postgres or the file store raises; the campaign is then published again.
    """
    for campaign_id in campaign_ids:
        campaign = _waiting(campaign_id)
        if campaign is not None:
            _read_file(stopping, campaign)


def _waiting(campaign_id: UUID) -> Campaign | None:
    try:
        with engine.get().begin() as connection:
            campaign = records.load(connection, None, campaign_id)
    except NotFound:
        return None
    return campaign if campaign.state is CampaignState.IMPORTING else None


def _read_file(stopping: Stopping, campaign: Campaign) -> None:
    """Read one file. What is wrong with it is written to the campaign; so is a bug of ours, which would come again each time."""

    def go_on(_rows: int) -> None:
        if stopping:
            raise _Stopped

    try:
        imported = importing.read_rows(campaign, storage.read(campaign.source or ""), go_on)
        _log.info("campaign.imported", campaign_id=str(campaign.id), **asdict(imported))
    except storage.Missing:
        importing.fail(campaign, "the file is not there any more: upload it again")
    except (ManagementError, _Stopped) as ended:
        _log.info("campaign.not_imported", campaign_id=str(campaign.id), why=type(ended).__name__)
    except _TROUBLE:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the next reader of this file would meet it too.
        failing.tell("campaign.import_bug", {"campaign_id": str(campaign.id)}, error)
        importing.fail(campaign, "internal error while the recipients were read")

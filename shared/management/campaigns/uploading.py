"""Taking in a file of recipients: it is stored first, and then read by whoever gets to it."""

import contextlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

import structlog
from sqlalchemy import Engine

from shared import ids, storage
from shared.management.campaigns import importing, records
from shared.management.campaigns.readers import Format
from shared.management.campaigns.records import Campaign

_log = structlog.get_logger("campaigns")


def store(
    engine: Engine, account_id: UUID | None, campaign_id: UUID, name: str, source: Format, chunks: Iterable[bytes]
) -> Campaign:
    """Store a file of recipients, however large, and let a campaign import it. The caller has it read, or publishes that.

    Args:
        engine: The process's.
        account_id: Whose campaign it must be, if it matters.
        campaign_id: The campaign.
        name: What the file is called.
        source: What it is written in.
        chunks: Its bytes; none of them are kept in memory.

    Returns:
        The campaign, importing.

    Raises:
        NotFound: There is no such campaign.
        TooLate: It takes no file as it stands.
        StorageError: The file could not be stored.
    """
    with engine.connect() as connection:
        # Before its bytes travel, and once more when they have.
        importing.require_replaceable(records.load(connection, account_id, campaign_id))
    location = f"campaigns/{ids.encode(ids.CAMPAIGN, campaign_id)}/{ids.new().hex}"
    storage.save(location, chunks)
    with _kept(location), engine.begin() as connection:
        former = records.lock(connection, account_id, campaign_id)
        importing.begin(connection, former, location, name, source)
        begun = records.load(connection, account_id, campaign_id)
    forget(former)
    return begun


def forget(campaign: Campaign) -> None:
    """Delete the file that a campaign had. What cannot be deleted is in nobody's way, and is told in the log."""
    try:
        if campaign.source is not None:
            storage.delete(campaign.source)
    except storage.StorageError as error:
        _log.warning("campaign.file_left", campaign_id=str(campaign.id), reason=str(error))


@contextmanager
def _kept(location: str) -> Iterator[None]:
    """Delete what was stored when it is not wanted after all."""
    try:
        yield
    except Exception:
        with contextlib.suppress(storage.StorageError):
            storage.delete(location)
        raise

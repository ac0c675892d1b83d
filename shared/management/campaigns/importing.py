"""Reading a campaign's recipients from a file: every row of it becomes a recipient, or says why it is none.

All of it is one transaction, so that an import which ends half-way leaves nothing behind and can begin again.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine

from shared import settings
from shared.db import engine
from shared.db.statements import recipients
from shared.domain import rows
from shared.domain.campaigns import CampaignState, RecipientState
from shared.domain.rows import Refused, Rules
from shared.management.campaigns import contents, readers, records
from shared.management.campaigns.readers import Chunks, Format, Row, Unreadable
from shared.management.campaigns.records import Campaign
from shared.management.errors import TooLate

_BATCH: Final = 10_000
"""Rows that are copied by one statement."""
REPLACEABLE: Final = frozenset({CampaignState.DRAFT, CampaignState.FAILED})
"""The states in which a campaign may get another file."""

Progress = Callable[[int], object]
"""Is told how many rows have been read, again and again. What it raises ends the import."""

_dumps: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """What became of a file's rows."""

    rows: int
    refused: int
    duplicates: int


class UnderWay(TooLate):
    """Another process reads the campaign's file."""


def begin(connection: Connection, campaign: Campaign, location: str, name: str, source: Format) -> None:
    """Let a locked campaign's recipients be read from a file that was stored; the caller publishes that after its commit.

    Args:
        connection: In the transaction that holds the lock.
        campaign: As it stands.
        location: Where :mod:`shared.storage` keeps the file: another place than that of a former file.
        name: What its owner calls it.
        source: What it is written in.

    Raises:
        TooLate: The campaign is in none of :data:`REPLACEABLE`.
    """
    require_replaceable(campaign)
    values = {"campaign_id": campaign.id, "source": location, "source_name": name, "source_format": source.value}
    connection.execute(recipients.begin, values)


def require_replaceable(campaign: Campaign) -> None:
    """Raise :class:`TooLate` unless a campaign may get another file."""
    if campaign.state not in REPLACEABLE:
        raise TooLate(f"a campaign that is {campaign.state} takes no file: it must be {', '.join(sorted(REPLACEABLE))}")


def read_rows(campaign: Campaign, chunks: Chunks, progress: Progress | None = None) -> Imported:
    """Read the recipients of a campaign that is importing, in place of those that it had. It is a draft then.

    Raises:
        Unreadable: The file is not what it should be; the campaign has failed, and says why.
        UnderWay: Another process reads it.
        TooLate: The campaign is not importing, or is no longer importing this file; nothing was changed.
    """
    patient = engine.create_patient()
    try:
        return _read(patient, campaign, chunks, progress or _nobody)
    except Unreadable as error:
        _fail(patient, campaign, str(error))
        raise
    finally:
        patient.dispose()


def fail(campaign: Campaign, reason: str) -> None:
    """Let an import end for good, with a reason for the campaign's owner."""
    patient = engine.create_patient()
    try:
        _fail(patient, campaign, reason)
    finally:
        patient.dispose()


def _nobody(_rows: int) -> None:
    """Tell nobody how far it is."""


def _read(patient: Engine, campaign: Campaign, chunks: Chunks, progress: Progress) -> Imported:
    with patient.begin() as connection:
        if not connection.execute(recipients.alone, {"campaign_id": campaign.id}).one().granted:
            raise UnderWay("the recipients are being read already")
        current = _importing(connection, campaign)
        connection.execute(recipients.forget, {"campaign_id": campaign.id})
        read, refused = _copy(connection, current, chunks, progress)
        duplicates = connection.execute(recipients.mark_duplicates, {"campaign_id": campaign.id}).rowcount
        counts = {"rows": read, "refused": refused, "duplicates": duplicates}
        if not connection.execute(recipients.finish, {**counts, **_of(campaign)}).rowcount:
            raise TooLate("the campaign was changed while its recipients were read")
    return Imported(**counts)


def _importing(connection: Connection, campaign: Campaign) -> Campaign:
    """Read the campaign again, now that nobody else reads its file."""
    current = records.load(connection, None, campaign.id)
    if current.state is not CampaignState.IMPORTING or current.source != campaign.source:
        raise TooLate("the recipients have been read, or another file has been uploaded")
    return current


def _of(campaign: Campaign) -> dict[str, Any]:
    return {"campaign_id": campaign.id, "source": campaign.source}


def _fail(patient: Engine, campaign: Campaign, reason: str) -> None:
    with patient.begin() as connection:
        if connection.execute(recipients.fail, {**_of(campaign), "reason": reason}).rowcount:
            connection.execute(recipients.forget, {"campaign_id": campaign.id})


def _copy(connection: Connection, campaign: Campaign, chunks: Chunks, progress: Progress) -> tuple[int, int]:
    """Copy a file's rows to the table; give how many there are, and how many of them are refused.

    In batches: a server keeps a note of each row of a statement, for its foreign key, until the statement ends.
    """
    said = contents.load(connection, campaign.account_id, campaign.plan)
    rules = rows.rules(campaign.plan, campaign.mapping, {channel: each.placeholders for channel, each in said.items()})
    found = enumerate(_bounded(readers.rows(Format(campaign.source_format or Format.CSV), chunks, rules.columns)), start=1)
    read = refused = 0
    while copied := _copy_batch(connection, campaign.id, islice(found, _BATCH), rules):
        read += copied.total()
        refused += copied[_REFUSED]
        progress(read)
    if not read:
        raise Unreadable("the file has no rows below its header")
    return read, refused


def _copy_batch(connection: Connection, campaign_id: UUID, batch: Iterable[tuple[int, Row]], rules: Rules) -> Counter[str]:
    """Copy some rows with their positions; give how many there are in each state."""
    copied: Counter[str] = Counter()
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(recipients.copy) as copy:
        for position, row in batch:
            state, *values = _written(row, rules)
            copied[state] += 1
            copy.write_row((campaign_id, position, state, *values))
    return copied


def _bounded(found: Iterator[Row]) -> Iterator[Row]:
    """Give the rows, as long as they are not too many."""
    most = settings.get().campaign_rows
    yield from islice(found, most)
    if next(found, None) is not None:
        raise Unreadable(f"the file has more than {most} rows")


_PENDING: Final = RecipientState.PENDING.value
_REFUSED: Final = RecipientState.REFUSED.value


def _written(row: Row, rules: Rules) -> tuple[Any, ...]:
    """Give what is stored of a row, in the order of the columns from the state on."""
    read = Refused(row.problem) if row.problem is not None else rows.read(row.cells, rules)
    if isinstance(read, Refused):
        return _REFUSED, "{}", "{}", None, _dumps(rows.kept(row.cells)), None, rows.storable(read.reason)
    documents = _dumps(read.targets), _dumps(read.addresses), read.fingerprint, _dumps(read.variables)
    return _PENDING, *documents, read.time_zone, None

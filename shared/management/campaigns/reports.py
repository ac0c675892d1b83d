"""Reports of a campaign as CSV files, however long, a part at a time.

Each part is read by a transaction of its own, so that whoever reads slowly holds nothing up.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, TextClause

from shared import ids
from shared.db.statements import recipients as statements
from shared.domain import times
from shared.domain.channels import Channel
from shared.domain.send import DeliveryView, SendView
from shared.domain.spreadsheet_cells import safe
from shared.domain.states import DeliveryState
from shared.management import sends
from shared.management.campaigns import positions
from shared.management.campaigns.records import Campaign

_PAGE: Final = 1000
"""Rows read by one statement."""
_SCAN: Final = 20_000
"""Rows whose columns are looked at by one statement."""
_ROW: Final = ("row_number", "refused_because")
"""What stands before the cells of a refused row; columns of the file of the same name are left out: it is a report sent back."""
_RECIPIENT: Final = ("row", "state", "reason", "time_zone", "send", "send_state")
_CHANNEL: Final = ("target", "state", "code", "reason", "attempts", "sent_at", "receipt")

Page = Sequence[Row[Any]]


def refused(database: Engine, campaign: Campaign) -> Iterator[str]:
    """Give the refused rows: their numbers, what is wrong with them, and what stood in them, in the order of the file."""
    columns = _columns(database, campaign)

    def write(_connection: Connection, page: Page) -> str:
        return _csv((row.position, row.reason, *(row.variables.get(name, "") for name in columns)) for row in page)

    yield _csv([(*_ROW, *columns)])
    yield from _parts(database, statements.select_refused, campaign.id, write)


def recipients(database: Engine, campaign: Campaign) -> Iterator[str]:
    """Give a line for every row of the file, in its order: what became of it, and of each channel."""
    channels = [each.channel for each in campaign.plan.channels]

    def write(connection: Connection, page: Page) -> str:
        found = sends.load_many(connection, {row.send_id: len(channels) for row in page if row.send_id is not None})
        return _csv(_line(channels, row, found.get(row.send_id)) for row in page)

    yield _csv([(*_RECIPIENT, *(f"{channel}_{name}" for channel in channels for name in _CHANNEL))])
    yield from _parts(database, statements.select_page, campaign.id, write)


def _parts(database: Engine, statement: TextClause, campaign_id: UUID, write: Callable[[Connection, Page], str]) -> Iterator[str]:
    """Write the rows that a statement gives, page after page."""
    after: int | None = 0
    while after is not None:
        with database.connect() as connection:
            page = connection.execute(statement, {"campaign_id": campaign_id, "after": after, "limit": _PAGE}).all()
            part = write(connection, page)
        after = page[-1].position if page else None
        if part:
            yield part


def _columns(database: Engine, campaign: Campaign) -> list[str]:
    """Name the columns of the refused rows: those that mean something first, then the others."""
    mapping = campaign.mapping
    known = dict.fromkeys((*mapping.targets.values(), *mapping.variables.values(), mapping.time_zone))
    with database.connect() as connection:
        found = {
            name
            for bounds in positions.ranges(connection, campaign.id, _SCAN)
            for name in connection.execute(statements.select_refused_columns, {"campaign_id": campaign.id, **bounds}).scalars()
        }
    return [name for name in (*known, *sorted(found - known.keys())) if name in found and name not in _ROW]


def _line(channels: Sequence[Channel], row: Row[Any], send: SendView | None) -> Iterator[Any]:
    yield from (row.position, row.state, row.reason, row.time_zone)
    yield from (None, None) if send is None else (ids.encode(ids.SEND, send.id), send.state)
    deliveries = {} if send is None else {delivery.channel: delivery for delivery in send.deliveries}
    for channel in channels:
        yield row.targets.get(channel.value)
        yield from _of_delivery(deliveries.get(channel))


def _of_delivery(delivery: DeliveryView | None) -> Sequence[Any]:
    if delivery is None:
        return [None] * (len(_CHANNEL) - 1)
    sent_at = times.rfc3339(delivery.ended_at) if delivery.state is DeliveryState.SENT and delivery.ended_at else None
    return delivery.state, delivery.code, delivery.reason, delivery.attempts, sent_at, delivery.receipt


def _csv(lines: Iterable[Iterable[Any]]) -> str:
    """Write lines of CSV (RFC 4180); what is null is empty."""
    written = io.StringIO()
    csv.writer(written).writerows([safe(cell) if isinstance(cell, str) else cell for cell in line] for line in lines)
    return written.getvalue()

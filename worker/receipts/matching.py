"""Which deliveries reports are about."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.statements import among
from shared.db.statements import receipts as statements
from worker.receipts.judgement import Notice

_Named = Mapping[UUID, Sequence[Notice]]
_Unnamed = Mapping[str, Sequence[Notice]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Matched:
    """Notices with what they are about."""

    by_delivery: Mapping[UUID, Sequence[Notice]]
    unknown: frozenset[UUID]
    """Webhooks with a report of a message that no delivery is known to have sent, and that names none."""


async def match(connection: AsyncConnection, notices: Sequence[Notice]) -> Matched:
    """Find the deliveries that notices are about, each among those of its own account and channel."""
    named, unnamed = _split(notices)
    by_delivery: dict[UUID, list[Notice]] = defaultdict(list)
    known: set[tuple[UUID, str]] = set()
    for row in [*await _by_id(connection, named), *await _by_message(connection, unnamed)]:
        theirs = [*named.get(row.id, ()), *unnamed.get(row.provider_message_id, ())]
        own = [notice for notice in theirs if (notice.account_id, notice.channel) == (row.account_id, row.channel)]
        if own:
            by_delivery[row.id].extend(_as_known(notice, row) for notice in own)
            known.update(_message(notice) for notice in own)
    unknown = (notice.webhook_id for notice in notices if notice.report.delivery_id is None and _message(notice) not in known)
    return Matched(by_delivery=by_delivery, unknown=frozenset(unknown))


def _message(notice: Notice) -> tuple[UUID, str]:
    return notice.webhook_id, notice.report.provider_message_id


def _split(notices: Iterable[Notice]) -> tuple[_Named, _Unnamed]:
    """Group the notices that name a delivery by it, and those that do not by all that the provider may call the message."""
    named: dict[UUID, list[Notice]] = defaultdict(list)
    unnamed: dict[str, list[Notice]] = defaultdict(list)
    for notice in notices:
        report = notice.report
        if report.delivery_id is not None:
            named[report.delivery_id].append(notice)
        else:
            for spelling in {report.provider_message_id, *report.spellings}:
                unnamed[spelling].append(notice)
    return named, unnamed


async def _by_id(connection: AsyncConnection, named: _Named) -> Sequence[Row[Any]]:
    return (await connection.execute(statements.select_by_id, among(list(named)))).all() if named else []


async def _by_message(connection: AsyncConnection, unnamed: _Unnamed) -> Sequence[Row[Any]]:
    return (await connection.execute(statements.select_by_message, {"message_ids": list(unnamed)})).all() if unnamed else []


def _as_known(notice: Notice, row: Row[Any]) -> Notice:
    """Write the message's id as its delivery has it."""
    known = row.provider_message_id
    if known is None or not notice.report.names(known):
        return notice
    return replace(notice, report=replace(notice.report, provider_message_id=known))

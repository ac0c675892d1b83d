"""Which deliveries reports are about."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.statements import among
from shared.db.statements import receipts as statements
from worker.receipts.judgement import Notice
from worker.receipts.reading import Heard

_Named = Mapping[UUID, Sequence[Notice]]
_Unnamed = Mapping[str, Sequence[Notice]]


_KNOWN_BY_ANSWER: Final = frozenset({"waha", "gowa"})
"""Whose messages may be known only once the answer to the call is recorded, which webhooks of theirs may come before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Calls:
    """The calls by devices that are under way."""

    since: Mapping[UUID, datetime]
    """When the oldest of them was claimed, by account."""

    def may_be_of(self, heard: Heard) -> bool:
        """Tell whether a message may become known yet. A gateway tells of its device's every message, also of its owner's."""
        since = self.since.get(heard.account_id)
        return since is not None and since <= heard.received_at and heard.provider in _KNOWN_BY_ANSWER


async def find_calls(connection: AsyncConnection, webhooks: Iterable[Heard]) -> Calls:
    """Find the calls that reports may be of which name no delivery: before :func:`match`, which knows of what ends in between."""
    unnamed = (heard for heard in webhooks if any(report.delivery_id is None for report in heard.news.reports))
    account_ids = {heard.account_id for heard in unnamed if heard.provider in _KNOWN_BY_ANSWER}
    if not account_ids:
        return Calls(since={})
    rows = await connection.execute(statements.select_calls, {"account_ids": sorted(account_ids)})
    return Calls(since={row.account_id: row.since for row in rows})


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

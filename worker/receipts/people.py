"""What webhooks say of people and of the senders that they write to: written forward only, so that repeats change nothing.

Keys come before contacts, and contacts before conversations.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.statements import people as statements
from shared.db.statements import receipts
from shared.domain import optout
from worker.channels.base import Inbound
from worker.receipts.reading import Heard

_Json = dict[str, Any]

_TAPPED: Final = frozenset({"button", "interactive"})
"""The types of Meta's messages that tell which button was tapped."""

_NOTICE: Final = "system"
"""The type of a message that Meta writes in a person's name, as when its number changes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Senders:
    """The keys of the senders that webhooks tell of, by account and the provider's id of the sender."""

    keys: Mapping[tuple[UUID, str], Sequence[Row[Any]]]

    def written_to(self, heard: Heard, inbound: Inbound) -> tuple[UUID, ...]:
        """Give the keys of the sender that a person wrote to, the webhook's own first, and alone where the sender is unknown."""
        found = [row.id for row in self.keys.get((heard.account_id, inbound.sender or ""), ())]
        return tuple(sorted(found, key=lambda key_id: key_id != heard.key_id)) or (heard.key_id,)


async def find_senders(connection: AsyncConnection, webhooks: Sequence[Heard]) -> Senders:
    """Find the keys of Meta's numbers that people wrote to, or whose own digits are not known yet."""
    wanted = {(heard.account_id, name) for heard in webhooks for name in _senders(heard)}
    keys: dict[tuple[UUID, str], list[Row[Any]]] = defaultdict(list)
    if wanted:
        parameters = {"account_ids": sorted({each for each, _ in wanted}), "provider_ids": sorted({name for _, name in wanted})}
        for row in await connection.execute(receipts.select_keys, parameters):
            keys[row.account_id, row.provider_id].append(row)
    return Senders(keys=keys)


def _senders(heard: Heard) -> Iterator[str]:
    yield from (inbound.sender for inbound in heard.news.inbound if inbound.sender)
    yield from (name for name in heard.news.numbers if heard.sender is None or name != heard.provider_id)


async def note(connection: AsyncConnection, webhooks: Sequence[Heard], senders: Senders) -> None:
    """Note the numbers of senders, what people wish and are called, and when they wrote."""
    for statement, rows in (
        (receipts.name_senders, _unnamed(webhooks, senders)),
        (statements.note_words, _contacts(webhooks)),
        (statements.note_inbound, _conversations(webhooks, senders)),
    ):
        if rows:
            await connection.execute(statement, {"rows": json.dumps(rows)})


def _unnamed(webhooks: Iterable[Heard], senders: Senders) -> list[_Json]:
    numbers = {(heard.account_id, name): number for heard in webhooks for name, number in heard.news.numbers.items()}
    known = ((row, numbers.get(sender)) for sender, rows in senders.keys.items() for row in rows)
    return [{"id": str(row.id), "sender": number} for row, number in known if number and row.sender is None]


def _contacts(webhooks: Iterable[Heard]) -> list[_Json]:
    """Give one row for each person who said something or is called something."""
    rows: dict[tuple[str, str, str], _Json] = {}
    for heard in webhooks:
        for address, said in _said(heard):
            person = (str(heard.account_id), heard.channel, address)
            row = rows.setdefault(person, dict(zip(("account_id", "channel", "address"), person, strict=True)))
            row.update({name: _latest(row.get(name), value) for name, value in said.items()})
    return list(rows.values())


def _said(heard: Heard) -> Iterator[tuple[str, _Json]]:
    for inbound in heard.news.inbound:
        wants = optout.wants_by_tap if inbound.kind in _TAPPED else optout.wants
        said = {**_word(wants(inbound.text), _when(heard, inbound.at)), **({"name": inbound.name} if inbound.name else {})}
        if said:
            yield inbound.address, said
    yield from ((wish.address, _word(wish.wants, _when(heard, wish.at))) for wish in heard.news.wishes)


def _when(heard: Heard, at: datetime) -> datetime:
    """Give the provider's time, which its webhook came after; the same however often that is handled."""
    return min(at, heard.received_at)


def _word(wants: bool | None, at: datetime) -> _Json:  # noqa: FBT001 - the very answer that words and wishes give.
    if wants is None:
        return {}
    return {"opted_in_at" if wants else "opted_out_at": at.isoformat()}


def _latest(known: str | None, said: str) -> str:
    return said if known is None else max(known, said)


def _conversations(webhooks: Iterable[Heard], senders: Senders) -> list[_Json]:
    """Give one row for each person and sender, with when the person last wrote."""
    rows: dict[tuple[UUID, str], _Json] = {}
    for heard in webhooks:
        for inbound in heard.news.inbound:
            keys = senders.written_to(heard, inbound) if inbound.kind != _NOTICE else ()
            for key_id in keys:
                row = {"key_id": str(key_id), "address": inbound.address, "account_id": str(heard.account_id)}
                known = rows.get((key_id, inbound.address), {}).get("at")
                rows[key_id, inbound.address] = {**row, "at": _latest(known, _when(heard, inbound.at).isoformat())}
    return list(rows.values())

"""Finding the send that somebody means, by whatever id of it they have."""

import re
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Connection

from shared import ids
from shared.db import partitions
from shared.db.statements import story as statements
from shared.management.errors import Invalid, NotFound

FORMS: Final = "snd_..., msg_..., dlv_..., req_..., wbd_..., a message_id of Kanal, or a provider's message id"

_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_MOST: Final = 20
"""Sends that are named when there are several."""
_BEFORE, _AFTER = timedelta(minutes=1), timedelta(minutes=5)
"""How far a send may lie from the request that made it: clocks may differ, and a proxy may have named the request earlier."""
_NEAR: Final = timedelta(minutes=2)
"""How far sends with following numbers may lie apart: who takes a number commits soon."""
_CLOSE: Final = timedelta(seconds=5)
_NOTHING: Final = UUID(int=0)


def find(connection: Connection, text: str) -> UUID:
    """Give the id of the send that a text means.

    A request is found by the time in its id and a number by the order of numbers, both among the sends of some minutes; all else by
    an index.

    Raises:
        Invalid: It means several sends; the message names them.
        NotFound: It means none.
    """
    found = _named(text) or _about(connection, text) or _requested(connection, text) or _numbered(connection, text)
    return _one(found or _by_message(connection, text))


def _one(found: list[UUID]) -> UUID:
    if not found:
        raise NotFound(f"there is no such send; it may be named by {FORMS}")
    if len(found) > 1:
        raise Invalid("ID", f"means several sends: {', '.join(ids.encode(ids.SEND, each) for each in found)}")
    return found[0]


def _named(text: str) -> list[UUID]:
    prefixes = (ids.SEND, ids.MESSAGE, ids.DELIVERY)
    return [ids.send_of(found) for prefix in prefixes if (found := ids.decode(prefix, text))]


def _about(connection: Connection, text: str) -> list[UUID]:
    """Look at what a webhook to a customer is about."""
    webhook_id = ids.decode(ids.WEBHOOK, text)
    subject = webhook_id and connection.execute(statements.select_subject, {"id": webhook_id}).scalar_one_or_none()
    if not subject:
        return []
    name = subject.rpartition(":")[0]
    return _named(name) or _by_message(connection, name)


def _requested(connection: Connection, text: str) -> list[UUID]:
    request_id = ids.decode(ids.REQUEST, text)
    if request_id is None:
        return []
    try:
        window = _window(ids.made_at(request_id), ids.made_at(request_id), _BEFORE, _AFTER)
    except (OverflowError, ValueError):
        return []
    parameters = {**window, "request_id": text, "limit": _MOST}
    return list(connection.execute(statements.select_by_request, parameters).scalars())


def _numbered(connection: Connection, text: str) -> list[UUID]:
    """Search for a number between the first send and the last: numbers grow with ids, but for some moments."""
    first = connection.execute(statements.select_next, {"id": _NOTHING}).one_or_none()
    if first is None or not _NUMBER.fullmatch(text):
        return []
    number, begin = int(text), ids.made_at(first.id)
    end = ids.made_at(connection.execute(statements.select_last).one().id)
    while end - begin > _CLOSE:
        middle = begin + (end - begin) / 2
        met = connection.execute(statements.select_next, {"id": partitions.first_id(middle)}).one_or_none()
        begin, end = (begin, middle) if met is None or met.number >= number else (middle, end)
    parameters = {**_window(begin, end, _NEAR, _NEAR), "number": number}
    return list(connection.execute(statements.select_by_number, parameters).scalars())


def _by_message(connection: Connection, message_id: str) -> list[UUID]:
    return list(connection.execute(statements.select_by_message, {"message_id": message_id, "limit": _MOST}).scalars())


def _window(begin: datetime, end: datetime, before: timedelta, after: timedelta) -> dict[str, UUID]:
    return {"first": partitions.first_id(begin - before), "last": partitions.first_id(end + after)}

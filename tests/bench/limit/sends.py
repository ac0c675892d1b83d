"""Sends and their deliveries as rows, and the one statement that inserts a batch of both.

At the sizes of batches that arise, one statement over ``json_to_recordset`` costs client and server together the least; ``jsonb``
the same or a little more, then come two COPYs, ``unnest``, and by far the dearest ``executemany``, with or without a pipeline.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

_SUFFIX_BITS: Final = 4
_write: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

INSERT: Final = """
    WITH made AS (
        INSERT INTO sends (id, account_id, dialect, state, channels, variables, token_id, request_id)
        SELECT id, account_id, 'kirisan', 'running', channels, variables, account_id, request_id
          FROM json_to_recordset(%(sends)s::json) AS r(
               id uuid, account_id uuid, channels text[], variables jsonb, request_id text)
    )
    INSERT INTO deliveries (id, send_id, account_id, channel, tier, fallback, key_id, target, address, content, state,
                            queued_at, published_at)
    SELECT id, send_id, account_id, channel, tier, tier > 0, key_id, target, target, content,
           CASE tier WHEN 0 THEN 'queued' ELSE 'waiting' END, CASE tier WHEN 0 THEN now() END, CASE tier WHEN 0 THEN now() END
      FROM json_to_recordset(%(deliveries)s::json) AS r(
           id uuid, send_id uuid, account_id uuid, channel text, tier smallint, key_id uuid, target text, content jsonb)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """What one channel sends; each is a tier of its own."""

    channel: str
    key_id: str
    target: str
    content: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """A send's rows, as JSON objects without a list around them."""

    id: UUID
    send: str
    deliveries: str


def rows(account_id: str, parts: Sequence[Part], variables: Mapping[str, Any]) -> Rows:
    """Write a new send and its deliveries."""
    send_id = UUID(int=uuid7().int >> _SUFFIX_BITS << _SUFFIX_BITS)
    send = {
        "id": send_id.hex,
        "account_id": account_id,
        "channels": [part.channel for part in parts],
        "variables": variables,
        "request_id": f"req_{send_id.hex}",
    }
    deliveries = [_delivery(send_id, account_id, tier, part) for tier, part in enumerate(parts)]
    return Rows(id=send_id, send=_write(send), deliveries=_write(deliveries)[1:-1])


def _delivery(send_id: UUID, account_id: str, tier: int, part: Part) -> dict[str, Any]:
    return {
        "id": delivery_id(send_id, tier),
        "send_id": send_id.hex,
        "account_id": account_id,
        "channel": part.channel,
        "tier": tier,
        "key_id": part.key_id,
        "target": part.target,
        "content": part.content,
    }


def delivery_id(send_id: UUID, tier: int) -> str:
    """Give the id of the delivery of a tier, from 0 on, in hexadecimal."""
    return f"{send_id.int + tier + 1:032x}"


def parameters(batch: Iterable[Rows]) -> dict[str, str]:
    """Give the parameters of :data:`INSERT`."""
    held = list(batch)
    return {
        "sends": f"[{','.join(each.send for each in held)}]",
        "deliveries": f"[{','.join(each.deliveries for each in held)}]",
    }

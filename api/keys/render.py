"""From channel keys as they stand to their resources on the wire."""

from collections.abc import Sequence
from typing import Any

from shared import ids
from shared.domain import key_settings
from shared.domain.channels import Channel
from shared.domain.key_settings import WINDOW, WINDOWS
from shared.domain.times import rfc3339
from shared.management.keys import Key

JsonObject = dict[str, Any]


def key(found: Key, held: Sequence[str] | None) -> JsonObject:
    """Give a key; of its credentials the names of what is ``held``."""
    return {
        "id": ids.encode(ids.KEY, found.id),
        "object": "channel_key",
        "channel": found.channel,
        "name": found.name,
        "token_prefix": found.token_prefix,
        "credentials": None if held is None else list(held),
        "sender": found.sender,
        "status": found.status,
        "status_code": found.status_code,
        "status_reason": found.status_reason,
        "status_since": rfc3339(found.status_at or found.created_at),
        "settings": _settings(found),
        "rate_per_second": found.rate_per_second,
        "quota_limit": found.quota_limit,
        "quota_used": found.quota_used,
        "quota_period": found.quota_period,
        "quota_resets_at": None if found.quota_resets_at is None else rfc3339(found.quota_resets_at),
        "on_unknown": found.on_unknown,
        "created_at": rfc3339(found.created_at),
    }


def _settings(found: Key) -> JsonObject:
    return {
        "window": found.settings.get(WINDOW, WINDOWS[0]) if found.channel is Channel.WABA else None,
        "late_fallback": key_settings.falls_back_late(found.channel, found.settings),
    }

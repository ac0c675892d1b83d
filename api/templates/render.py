"""From templates as they stand to their resources on the wire."""

from datetime import datetime
from typing import Any

from shared import ids
from shared.domain import previews
from shared.domain.previews import Preview
from shared.domain.times import rfc3339
from shared.management.template_sync import Synced
from shared.management.templates import Template

JsonObject = dict[str, Any]


def template(found: Template) -> JsonObject:
    """Give a template."""
    return {
        "id": found.id,
        "object": "template",
        "channel": found.channel.value,
        "name": found.name,
        "language": found.language,
        "status": found.status,
        "status_reason": found.status_reason,
        "active": found.active,
        "body": found.body,
        "variables": list(previews.variables_of(found.content)),
        "key_id": None if found.key_id is None else ids.encode(ids.KEY, found.key_id),
        "category": found.category,
        "quality": found.quality,
        "provider_id": found.provider_id,
        "created_at": rfc3339(found.created_at),
        "updated_at": rfc3339(found.updated_at),
        "synced_at": _time(found.synced_at),
    }


def preview(found: Preview) -> JsonObject:
    """Give what a template would be sent as."""
    return {
        "object": "template_preview",
        "rendered": found.rendered,
        "missing_variables": list(found.missing),
        "invalid_field": found.invalid,
    }


def deleted(template_id: int) -> JsonObject:
    """Give what is left of a template."""
    return {"id": template_id, "object": "template", "deleted": True}


def synced(number: Synced) -> JsonObject:
    """Give how far the templates of a number are known."""
    return {
        "object": "template_sync",
        "key_id": ids.encode(ids.KEY, number.key_id),
        "name": number.name,
        "synced_at": _time(number.synced_at),
        "due_at": _time(number.due_at),
        "error": number.error,
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)

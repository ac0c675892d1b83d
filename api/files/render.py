"""From files as they stand to their resources on the wire."""

from typing import Any
from uuid import UUID

from shared import ids
from shared.domain.files import File
from shared.domain.times import rfc3339
from shared.file_links import Link

JsonObject = dict[str, Any]


def file(found: File) -> JsonObject:
    """Give a file, without its bytes."""
    return {
        "id": ids.encode(ids.FILE, found.id),
        "object": "file",
        "name": found.name,
        "media_type": found.media_type,
        "size_bytes": found.size_bytes,
        "sha256": found.sha256.hex(),
        "created_at": rfc3339(found.created_at),
    }


def link(file_id: UUID, made: Link) -> JsonObject:
    """Give a new link."""
    identifier = ids.encode(ids.FILE, file_id)
    return {"object": "file_link", "file_id": identifier, "url": made.url, "expires_at": rfc3339(made.expires_at)}


def deleted(file_id: UUID) -> JsonObject:
    """Give what is left of a file."""
    return {"id": ids.encode(ids.FILE, file_id), "object": "file", "deleted": True}

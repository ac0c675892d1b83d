"""The files that sends carry."""

from typing import Final

from sqlalchemy import text

select_named: Final = text("""
    SELECT id, account_id, name, media_type, size_bytes, sha256, location, created_at
      FROM files WHERE id = ANY(:ids) AND deleted_at IS NULL
""")
"""Read files by their ids, whosever they are."""

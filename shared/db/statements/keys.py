"""Asking suspended keys whether they can send again."""

from typing import Final

from sqlalchemy import text

_PROBED: Final = "id, channel, credentials, status_code, status_at"

take_due: Final = text(f"""
    WITH due AS (
        SELECT id AS due_id FROM channel_keys
         WHERE status = 'suspended' AND probe_at <= now()
         ORDER BY probe_at LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE channel_keys SET probe_at = now() + make_interval(secs => :lease_seconds) FROM due WHERE id = due_id
    RETURNING {_PROBED}
""")
"""Take suspended keys whose time has come; for those that a person has suspended it never does. Nobody else takes them before the
lease is over, which must outlast a probe."""

select_key: Final = text(f"SELECT {_PROBED} FROM channel_keys WHERE id = :id")
"""What is needed to ask one key now."""

_STILL_THE_SAME: Final = "id = :id AND status = 'suspended' AND probe_at IS NOT NULL AND status_at IS NOT DISTINCT FROM :status_at"

resume: Final = text(f"""
    UPDATE channel_keys
       SET status = 'active', status_code = NULL, status_reason = NULL, status_at = now(), probe_at = NULL, updated_at = now()
     WHERE {_STILL_THE_SAME}
    RETURNING id
""")
"""Use a key again, unless its suspension is another one by now than when it was asked, or a person's."""

keep_suspended: Final = text(f"""
    UPDATE channel_keys
       SET status_code = coalesce(:code, status_code), status_reason = coalesce(:reason, status_reason),
           probe_at = now() + make_interval(secs => :probe_after)
     WHERE {_STILL_THE_SAME}
    RETURNING id
""")
"""Leave a key suspended, for the reason it has now if one is given, and ask it again so many seconds from now."""

ask_soon: Final = text("""
    WITH locked AS (
        SELECT id FROM channel_keys
         WHERE id = ANY(:ids) AND status = 'suspended' AND status_code = 'device_disconnected' AND probe_at > now()
         ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE channel_keys SET probe_at = now() FROM locked WHERE channel_keys.id = locked.id
    RETURNING channel_keys.id
""")
"""Let keys be asked at once whose devices are said to be connected again; those that a person has suspended are not."""

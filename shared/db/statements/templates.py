"""Reading the templates of business numbers from Meta, and handing in those that are submitted.

Who writes what Meta has told locks the key first and its templates then; whoever submits one does so too. So two that read the
same number's templates at once write one after the other, and what was asked earlier is not written over what was asked later.
"""

from typing import Final

from sqlalchemy import text

take_due: Final = text("""
    WITH due AS (
        SELECT id FROM channel_keys
         WHERE channel = 'waba' AND status <> 'revoked' AND (templates_due_at IS NULL OR templates_due_at <= now())
         ORDER BY templates_due_at NULLS LAST, id LIMIT :limit
    ), locked AS (
        SELECT id AS due_id, templates_due_at AS asked_for FROM channel_keys
         WHERE id IN (SELECT id FROM due) AND (templates_due_at IS NULL OR templates_due_at <= now())
         ORDER BY id FOR NO KEY UPDATE
    ), taken AS (
        UPDATE channel_keys
           SET templates_due_at = now() + make_interval(
               secs => CASE WHEN asked_for IS NULL THEN :interval * (0.5 + random() / 2) ELSE :lease_seconds END)
          FROM locked WHERE id = due_id
        RETURNING id, account_id, credentials, templates_due_at, asked_for
    )
    SELECT id, account_id, credentials, templates_due_at AS lease, now() AS began_at FROM taken WHERE asked_for IS NOT NULL
""")
"""Take the numbers whose templates are to be read. Nobody else takes them before the lease is over. A number that was never read
gets its time, which spreads those that are new at once. A key that somebody holds is waited for: passed over, what was asked for
just now would wait for the next look."""

select_key: Final = text("""
    SELECT id, account_id, credentials, templates_due_at AS lease, now() AS began_at
      FROM channel_keys WHERE id = :id AND channel = 'waba'
""")
"""What is needed to read one number's templates now."""

ask_soon: Final = text("""
    WITH locked AS (
        SELECT id FROM channel_keys
         WHERE account_id = ANY(:account_ids) AND channel = 'waba' AND status <> 'revoked'
           AND (CAST(:key_id AS uuid) IS NULL OR id = :key_id)
         ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE channel_keys SET templates_due_at = now() FROM locked WHERE channel_keys.id = locked.id
    RETURNING channel_keys.id
""")
"""Let the templates of the numbers of accounts be read at once, or those of one of them."""

lock_number: Final = text("""
    SELECT id FROM channel_keys
     WHERE account_id = ANY(:account_ids) AND id = :key_id AND channel = 'waba' AND status <> 'revoked' FOR NO KEY UPDATE
""")
"""Lock one number, likewise."""

select_newer: Final = text("""
    SELECT coalesce(templates_synced_at >= :began_at, false) FROM channel_keys WHERE id = :id FOR NO KEY UPDATE
""")
"""Lock a key, and tell whether its templates are known as of a later moment already."""

select_kept: Final = text("""
    SELECT id, body FROM templates WHERE key_id = :key_id AND channel = 'waba' ORDER BY id DESC FOR NO KEY UPDATE
""")
"""The templates of a number, locked, the newest first."""

_FIELDS: Final = """
    id bigint, name text, language text, body jsonb, status text, off boolean, reason text, category text, quality text,
    provider_id text
"""
_CHANGED: Final = """
    (t.body, t.category, t.quality, t.provider_id) IS DISTINCT FROM (r.body, r.category, r.quality, r.provider_id)
    OR r.status IS NOT NULL AND (t.status <> r.status OR t.status_reason IS DISTINCT FROM r.reason)
"""
_OFF_BY_META: Final = "NOT t.active AND t.status = 'approved' AND t.status_reason IS NOT NULL"
_OFF_BY_AUTHOR: Final = "NOT t.active AND t.status = 'approved' AND t.status_reason IS NULL"

update_listed: Final = text(f"""
    UPDATE templates AS t
       SET body = r.body, category = r.category, quality = r.quality, provider_id = r.provider_id, synced_at = :began_at,
           status = coalesce(r.status, t.status),
           status_reason = CASE WHEN r.status IS NULL OR r.off AND {_OFF_BY_AUTHOR} THEN t.status_reason ELSE r.reason END,
           active = CASE WHEN r.status IS NULL THEN t.active
                         WHEN r.off THEN false ELSE t.active OR ({_OFF_BY_META}) END,
           updated_at = CASE WHEN {_CHANGED} THEN now() ELSE t.updated_at END
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r({_FIELDS})
     WHERE t.id = r.id
""")
"""Write what Meta says of known templates; a status that is not documented leaves how a template stands. What Meta has switched off
comes back by itself, what an author has switched off does not: only the former has a reason."""

insert_listed: Final = text(f"""
    INSERT INTO templates
           (account_id, channel, key_id, name, language, body, status, status_reason, active,
            category, quality, provider_id, synced_at)
    SELECT :account_id, 'waba', :key_id, r.name, r.language, r.body, coalesce(r.status, 'pending'), r.reason,
           NOT coalesce(r.off, false), r.category, r.quality, r.provider_id, :began_at
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r({_FIELDS})
""")
"""Write templates that are new here."""

retire_gone: Final = text(f"""
    UPDATE templates AS t
       SET status = CASE WHEN t.status = 'approved' THEN t.status ELSE 'rejected' END,
           active = t.active AND t.status <> 'approved', provider_id = NULL,
           status_reason = CASE WHEN NOT ({_OFF_BY_AUTHOR}) THEN :reason END,
           synced_at = :began_at, updated_at = now()
     WHERE t.key_id = :key_id AND t.channel = 'waba' AND t.provider_id IS NOT NULL AND t.provider_id <> ALL(:listed)
    RETURNING t.id
""")
"""Keep from being sent what Meta lists no longer: never deleted, as sends and campaigns name it."""

finish: Final = text("""
    UPDATE channel_keys
       SET templates_synced_at = CASE WHEN CAST(:error AS text) IS NULL THEN :began_at ELSE templates_synced_at END,
           templates_error = :error,
           templates_due_at = CASE WHEN templates_due_at IS NOT DISTINCT FROM :lease
                                   THEN now() + make_interval(secs => :seconds) ELSE templates_due_at END
     WHERE id = :id
""")
"""Note what came of reading, and when the next is due, unless it was asked for meanwhile."""

select_submitted: Final = text("""
    SELECT id, body, category FROM templates
     WHERE key_id = :key_id AND channel = 'waba' AND status = 'pending' AND provider_id IS NULL ORDER BY id
""")
"""The templates that are to be made at Meta."""

_STILL_SUBMITTED: Final = "id = :id AND status = 'pending' AND provider_id IS NULL"

note_made: Final = text(f"""
    UPDATE templates
       SET provider_id = :provider_id, category = coalesce(:category, category), status = coalesce(:status, status),
           status_reason = :reason, synced_at = now(), updated_at = now()
     WHERE {_STILL_SUBMITTED}
""")
"""Note that Meta has a template now."""

note_refused: Final = text(f"""
    UPDATE templates SET status = 'rejected', status_reason = :reason, updated_at = now() WHERE {_STILL_SUBMITTED}
""")
"""Note why Meta makes no such template."""

"""Deliveries that were sent, and whose receipts are waited for until ``confirm_by``."""

from typing import Final

from sqlalchemy import text

_AWAITED: Final = "(confirm_by IS NOT NULL) IS TRUE"
"""Written so that no plan looks for a few deliveries among all that are awaited: it is no condition of the index of those."""

lock_awaited: Final = text(f"""
    SELECT id, send_id, CAST(extract(epoch FROM confirm_by - now()) AS double precision) AS seconds,
           EXISTS (SELECT FROM inbox JOIN channel_keys ON channel_keys.id = inbox.key_id
                    WHERE channel_keys.account_id = deliveries.account_id AND channel_keys.channel = deliveries.channel
                      AND inbox.received_at <= deliveries.confirm_by
                      AND coalesce(inbox.tried_at < deliveries.ended_at + make_interval(secs => :commit_seconds), true)) AS unheard
      FROM deliveries
     WHERE id = ANY(:ids) AND id BETWEEN :first AND :last AND {_AWAITED}
     ORDER BY id FOR NO KEY UPDATE
""")
"""Lock those of some deliveries of locked sends that wait for their receipt, and tell for how many seconds they still may, and
whether a webhook is there that came in time, was not handled yet, and may be about them: one that was looked at when the outcome
of the call was known, ``commit_seconds`` after it was written, and waits for something else, is not."""

end: Final = text("""
    UPDATE deliveries SET confirm_by = NULL, code = 'unconfirmed', reason = r.reason
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, reason text)
     WHERE deliveries.id = ANY(:ids) AND deliveries.id BETWEEN :first AND :last AND deliveries.id = r.id
""")
"""Note that the receipts of some deliveries did not come in time."""

select_soon: Final = text("""
    SELECT id, CAST(extract(epoch FROM confirm_by - statement_timestamp()) AS double precision) AS seconds,
           statement_timestamp() AS now
      FROM deliveries WHERE confirm_by > now() AND confirm_by <= now() + make_interval(secs => :seconds)
     ORDER BY confirm_by
""")
"""Deliveries whose time is over in so many seconds, the next ones first."""

select_overdue: Final = text("SELECT id FROM deliveries WHERE confirm_by <= now() ORDER BY confirm_by LIMIT :limit")
"""Deliveries whose time is over, and of which nobody has said so."""

stop: Final = text(f"""
    UPDATE deliveries SET confirm_by = NULL WHERE id = ANY(:ids) AND id BETWEEN :first AND :last AND {_AWAITED}
""")
"""Wait no longer for the receipts of some deliveries, whatever they say."""

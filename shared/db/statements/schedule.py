"""Scheduled sends: handing them to the queue, and taking them back.

One order of locks holds everywhere, so that nobody waits in a circle: first sends, by their ids, then their deliveries; who feeds
or halts a campaign has locked it before (:mod:`shared.db.statements.campaigns`), and who has locked sends locks none. Recording
outcomes keeps it, the claim of a scheduled send keeps it, and all here do. What locks deliveries alone (recovery, the claim of a
send that runs) waits for no send while it holds them. Promotion takes sends in the order of time, but waits for none: it passes
over what is held. Of a claim, a cancellation and a move that meet, one goes first and the others see what it did.
"""

from typing import Final

from sqlalchemy import text

from shared.db.statements import statistics

_WITHIN_HORIZON: Final = "schedule_at <= now() + make_interval(secs => :horizon_seconds)"

select_due: Final = text(f"""
    SELECT id FROM sends
     WHERE state = 'scheduled' AND promoted_at IS NULL AND {_WITHIN_HORIZON}
     ORDER BY schedule_at LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
""")
"""Lock sends that fall due within the horizon, the earliest first; what another promotion holds is passed over."""

mark_promoted: Final = text(f"""
    UPDATE sends SET promoted_at = now()
     WHERE id = ANY(:ids) AND id BETWEEN :first AND :last AND state = 'scheduled' AND promoted_at IS NULL AND {_WITHIN_HORIZON}
    RETURNING id, cardinality(channels) AS deliveries
""")
"""Note which of some sends are handed to the queue now: each is found once."""

open_first_tiers: Final = text("""
    UPDATE deliveries
       SET state = 'queued', not_before = sends.schedule_at, queued_at = greatest(sends.schedule_at, now()), published_at = now()
      FROM sends
     WHERE deliveries.id = ANY(:ids) AND deliveries.id BETWEEN :first AND :last
       AND deliveries.tier = 0 AND deliveries.state = 'waiting'
       AND sends.id = deliveries.send_id AND sends.id = ANY(:send_ids) AND sends.id BETWEEN :first_send AND :last
    RETURNING deliveries.id, deliveries.queue, statement_timestamp() AS now,
              extract(epoch FROM deliveries.not_before - statement_timestamp()) AS seconds
""")
"""Let the first tiers of promoted sends be claimed from their time on, and give how many seconds that is from now."""

promote_deferred: Final = text("""
    WITH deferred AS (
        SELECT id FROM deliveries
         WHERE state = 'queued' AND published_at IS NULL AND not_before <= now() + make_interval(secs => :horizon_seconds)
         ORDER BY not_before LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE deliveries SET published_at = now() FROM deferred WHERE deliveries.id = deferred.id
    RETURNING deliveries.id, deliveries.queue, statement_timestamp() AS now,
              extract(epoch FROM deliveries.not_before - statement_timestamp()) AS seconds
""")
"""Deliveries that were put off beyond the horizon and fall due within it now, marked as published."""

lock: Final = text("""
    SELECT id, state, schedule_at, expires_at, cardinality(channels) AS deliveries, now() AS now
      FROM sends WHERE id = :send_id AND account_id = coalesce(CAST(:account_id AS uuid), account_id) FOR NO KEY UPDATE
""")
"""Lock one send, of an account if one is given."""

only_awaits: Final = text("""
    SELECT coalesce(bool_or(confirm_by IS NOT NULL) AND NOT bool_or(held OR state IN ('queued', 'claimed')), false)
      FROM deliveries WHERE id = ANY(:ids) AND id BETWEEN :first AND :last
""")
"""Whether a locked send waits for nothing but a receipt."""

cancel_deliveries: Final = text(f"""
    WITH waiting AS (
        SELECT id FROM deliveries
         WHERE id = ANY(:ids) AND id BETWEEN :first AND :last AND state IN ('waiting', 'queued') ORDER BY id FOR NO KEY UPDATE
    ), cancelled AS (
        UPDATE deliveries
           SET state = 'cancelled', code = 'cancelled', reason = 'cancelled', ended_at = now()
          FROM waiting
         WHERE deliveries.id = waiting.id AND deliveries.id = ANY(:ids) AND deliveries.id BETWEEN :first AND :last
           AND deliveries.state IN ('waiting', 'queued')
        RETURNING {statistics.COUNTED}, deliveries.state, deliveries.code
    )
    {statistics.count("cancelled")}
""")
"""Stop the deliveries of locked sends that wait for their turn, locked in the order of their ids."""

cancel_send: Final = text(f"""
    WITH cancelled AS (
        UPDATE sends SET state = 'cancelled', ended_at = now() WHERE id = :send_id
        RETURNING campaign_id, state, 'running' AS former
    )
    {statistics.count_sends("cancelled")}
""")
"""End a locked send that had not ended."""

close_first_tier: Final = text("""
    UPDATE deliveries SET state = 'waiting', not_before = NULL, queued_at = NULL, published_at = NULL
     WHERE id = ANY(:ids) AND id BETWEEN :first AND :last AND state = 'queued'
""")
"""Take a locked send back from the queue: its task will find nothing to claim."""

change_send: Final = text("""
    UPDATE sends
       SET schedule_at = :schedule_at, expires_at = :expires_at, promoted_at = NULL,
           variables = coalesce(CAST(:variables AS jsonb), variables)
     WHERE id = :send_id
""")
"""Write a locked send anew; its first tier is closed."""

"""Campaigns whose time has come, and the occurrences of those that recur. A campaign is locked before anything of it is changed."""

from typing import Final

from sqlalchemy import text

select_due: Final = text("""
    SELECT id, recurrence, time_zone, schedule_at, now() AS now
      FROM campaigns WHERE state = 'scheduled' AND occurs_at IS NULL AND (schedule_at IS NULL OR schedule_at <= now())
     ORDER BY id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
""")
"""Lock campaigns whose time has come; one without a time starts at once."""

start: Final = text("""
    UPDATE campaigns SET state = 'running', started_at = now(), updated_at = now() WHERE id = :id AND state = 'scheduled'
""")
"""Start a locked campaign."""

insert_occurrence: Final = text("""
    INSERT INTO campaigns (id, account_id, name, state, plan, mapping, source_name, source_format, time_zone,
                           quiet_from, quiet_until, rate_per_second, schedule_at, parent_id, occurs_at)
    SELECT :child_id, account_id, name, 'scheduled', plan, mapping, source_name, source_format, time_zone,
           quiet_from, quiet_until, rate_per_second, :occurs_at, id, :occurs_at
      FROM campaigns WHERE id = :id
    ON CONFLICT (parent_id, occurs_at) DO NOTHING
""")
"""Make an occurrence of a locked campaign, without its recipients."""

move: Final = text("UPDATE campaigns SET schedule_at = :next_at, updated_at = now() WHERE id = :id")
"""Have a locked campaign recur at its next time."""

complete: Final = text("UPDATE campaigns SET state = 'completed', ended_at = now(), updated_at = now() WHERE id = :id")
"""End a locked campaign, which has no time left to recur at."""

select_unfilled: Final = text("""
    SELECT id, parent_id,
           (SELECT coalesce(max(position), 0) FROM campaign_recipients WHERE campaign_id = campaigns.id) AS last
      FROM campaigns WHERE state = 'scheduled' AND occurs_at IS NOT NULL
     ORDER BY id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
""")
"""Lock an occurrence that waits for recipients, and find the last that it has."""

copy_recipients: Final = text("""
    WITH copied AS (
        INSERT INTO campaign_recipients (campaign_id, position, targets, addresses, fingerprint, variables, time_zone)
        SELECT :id, position, targets, addresses, fingerprint, variables, time_zone
          FROM campaign_recipients
         WHERE campaign_id = :parent_id AND position > :last AND state = 'pending'
         ORDER BY position LIMIT :limit
        RETURNING position
    ), counted AS (SELECT count(*) AS number FROM copied)
    UPDATE campaigns SET rows = rows + number FROM counted WHERE id = :id
    RETURNING number
""")
"""Give an occurrence its parent's next rows, under their numbers."""


is_copied: Final = text("""
    SELECT EXISTS (SELECT FROM campaigns WHERE parent_id = :id AND occurs_at IS NOT NULL
                                             AND state IN ('scheduled', 'paused') AND started_at IS NULL)
""")
"""Whether an occurrence of a campaign waits for recipients, also one that was paused before it had all."""

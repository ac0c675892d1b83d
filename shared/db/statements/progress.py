"""How far campaigns have got."""

from typing import Final

from sqlalchemy import text

from shared.db.tables.statistics import NO_CAMPAIGN

select_progress: Final = text(f"""
    WITH ended AS (
        SELECT campaign_id, state, sum(number)::bigint AS number
          FROM (SELECT campaign_id, state, number FROM send_counts WHERE campaign_id = ANY(:ids)
                UNION ALL
                SELECT campaign_id, state, number FROM send_changes WHERE campaign_id = ANY(:ids)) AS sends
         GROUP BY campaign_id, state
    ), coded AS (
        SELECT campaign_id, code, sum(number)::bigint AS number
          FROM (SELECT campaign_id, code, number FROM delivery_counts
                 WHERE campaign_id = ANY(:ids) AND campaign_id <> '{NO_CAMPAIGN}' AND state <> 'sent' AND code <> ''
                UNION ALL
                SELECT campaign_id, code, number FROM delivery_changes
                 WHERE campaign_id = ANY(:ids) AND state <> 'sent' AND code <> '') AS deliveries
         GROUP BY campaign_id, code HAVING sum(number) > 0
    )
    SELECT id, state, rows - refused - duplicates AS recipients, fed,
           extract(epoch FROM coalesce(ended_at, paused_at, now()) - started_at)::float - paused_seconds AS seconds,
           (SELECT count(*) FROM campaign_recipients WHERE campaign_id = campaigns.id AND state = 'deferred') AS deferred,
           (SELECT jsonb_object_agg(ended.state, number) FROM ended WHERE campaign_id = campaigns.id) AS ended,
           (SELECT jsonb_object_agg(code, number ORDER BY code) FROM coded WHERE campaign_id = campaigns.id) AS by_code
      FROM campaigns WHERE id = ANY(:ids)
""")
"""How far some campaigns have got, in one look: what is added up meanwhile is counted once."""

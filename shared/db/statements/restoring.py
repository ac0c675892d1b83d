"""After a restore from a backup: what had not ended when the backup was made may have been sent since."""

from typing import Final

from sqlalchemy import text

from shared.db.statements import statistics

_DUE: Final = "state = 'running' OR state = 'scheduled' AND schedule_at <= :lost_at"
"""Of campaigns as of sends: what had begun by then."""

pause_campaigns: Final = text(f"""
    UPDATE campaigns SET state = 'paused', paused_at = now(), updated_at = now()
     WHERE {_DUE}
    RETURNING id
""")
"""Pause the campaigns that may have gone on: nobody knows which of their recipients have had their turn."""

select_open: Final = text(f"""
    SELECT id, cardinality(channels) AS deliveries FROM sends
     WHERE id > :after AND ({_DUE}) AND created_at <= :lost_at ORDER BY id LIMIT :limit FOR NO KEY UPDATE
""")
"""Lock sends that were to be worked on by then, those after an id, in the order of their ids."""

hold: Final = text(f"""
    WITH written AS (
        UPDATE deliveries
           SET state = 'unknown', held = true, code = 'worker_lost', reason = :reason, ended_at = now(),
               claim_id = NULL, lease_until = NULL
          FROM sends
         WHERE deliveries.id = ANY(:ids) AND deliveries.id BETWEEN :first AND :last
           AND sends.id = deliveries.send_id AND sends.id = ANY(:send_ids) AND sends.id BETWEEN :first_send AND :last
           AND deliveries.tier <= sends.tier AND deliveries.state IN ('waiting', 'queued', 'claimed')
           AND (deliveries.not_before IS NULL OR deliveries.not_before <= :lost_at)
        RETURNING {statistics.COUNTED}, deliveries.send_id, deliveries.state, deliveries.code
    ), started AS (
        UPDATE sends SET state = 'running'
         WHERE id = ANY(:send_ids) AND id BETWEEN :first_send AND :last AND state = 'scheduled'
           AND id IN (SELECT send_id FROM written)
    ), counted AS ({statistics.count("written")})
    SELECT count(*) FROM written
""")
"""Hold those deliveries of locked sends whose tier is open and whose time had come, and give how many they are."""

await_no_longer: Final = text("""
    WITH written AS (
        UPDATE deliveries SET confirm_by = NULL
         WHERE id = ANY(:ids) AND id BETWEEN :first AND :last AND (confirm_by <= :lost_at) IS TRUE
        RETURNING id
    )
    SELECT count(*) FROM written
""")
"""Wait no longer for receipts whose time was over by then: they may have come, and the next tier may have been tried."""

skip_numbers: Final = text("""
    SELECT setval('send_numbers', nextval('send_numbers') + 1000000),
           setval(pg_get_serial_sequence('contacts', 'id'), nextval(pg_get_serial_sequence('contacts', 'id')) + 1000000),
           setval(pg_get_serial_sequence('templates', 'id'), nextval(pg_get_serial_sequence('templates', 'id')) + 10000)
""")
"""Leave out the numbers that were given since: who was told one must not find something else under it."""

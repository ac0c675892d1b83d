"""Recording outcomes and moving the cascade, in one transaction."""

from typing import Final

from sqlalchemy import text

from shared.db.statements import statistics, within
from shared.db.statements.campaigns import IS_HALTED

lock_sends: Final = within("""
    SELECT id, state, tier, waiter, until, cardinality(channels) AS deliveries
      FROM sends WHERE id = ANY(:ids) AND id BETWEEN :first AND :last ORDER BY id FOR NO KEY UPDATE
""")
"""Lock the sends of a flush, always in the order of their ids, so that two flushes never wait for each other in a circle."""

_CONFIRM_BY: Final = """
           CASE WHEN r.state = 'sent'
                 AND NOT coalesce(deliveries.receipt = 'read' OR deliveries.receipt = 'delivered' AND r.level = 'delivered', false)
                THEN now() + make_interval(secs => r.within) END
"""
"""Until when the receipt may come that a send wants by ``level`` and ``within`` (seconds); null where it wants none, or has it."""

_MEMBER: Final = f"""
           deliveries.id, deliveries.send_id, deliveries.tier, deliveries.state, deliveries.held, deliveries.code, deliveries.queue,
           deliveries.confirm_by IS NOT NULL AS awaited, deliveries.state = 'waiting' AND {IS_HALTED} AS halted,
           CASE WHEN deliveries.not_before > now()
                THEN CAST(extract(epoch FROM deliveries.not_before - now()) AS double precision) END AS early
"""
"""A delivery as the cascade sees it, whether it waits while its campaign is halted, and for how many seconds it may not be claimed
yet, if it is put off."""

record_outcomes: Final = within(f"""
    WITH written AS (
        UPDATE deliveries
           SET state = CASE WHEN r.state = 'queued' AND {IS_HALTED} THEN 'waiting' ELSE r.state END,
               held = r.held, code = r.code, reason = r.reason, detail = r.detail,
               provider_message_id = coalesce(r.provider_message_id, deliveries.provider_message_id),
               attempts = r.attempts, failures = r.failures,
               processing_ms = r.processing_ms, paced = r.delay IS NOT NULL,
               queued_at = CASE WHEN r.delay IS NULL OR deliveries.paced THEN deliveries.queued_at ELSE deliveries.claimed_at END,
               not_before = CASE WHEN r.delay IS NULL THEN deliveries.not_before ELSE now() + make_interval(secs => r.delay) END,
               published_at = CASE WHEN r.delay IS NULL THEN deliveries.published_at
                                   WHEN r.delay <= :horizon_seconds THEN now() END,
               ended_at = CASE WHEN r.delay IS NULL THEN now() END,
               resolve_at = coalesce(now() + make_interval(secs => r.resolve_after),
                                     CASE WHEN r.state <> 'sent' THEN deliveries.resolve_at END),
               confirm_by = {_CONFIRM_BY},
               claim_id = NULL, lease_until = NULL
          FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
               id uuid, claim_id uuid, state text, held boolean, code text, reason text, detail jsonb,
               provider_message_id text, attempts smallint, failures smallint, processing_ms integer, delay double precision,
               resolve_after double precision, level text, within double precision)
         WHERE deliveries.id = ANY(:ids) AND deliveries.id BETWEEN :first AND :last AND deliveries.id = r.id
           AND deliveries.claim_id = r.claim_id
        RETURNING {_MEMBER}, {statistics.COUNTED}
    ), counted AS ({statistics.count("written")})
    SELECT id, send_id, tier, state, held, code, queue, awaited, halted, early FROM written
""")
"""Write outcomes, each only while its claim still stands; what is not claimed has none. ``delay`` in seconds puts a delivery back
into the queue, where it need not stand in line again; its patience has run since it was first claimed. One that is unknown is
looked up at its provider ``resolve_after`` seconds from now, where that is possible, and for the sake of that call also when a
later one is refused. A receipt may have named the message before. What would be queued of a campaign that is halted is parked."""

resolve: Final = text(f"""
    WITH former AS (
        SELECT id, state, code, ended_at FROM deliveries
         WHERE id = ANY(:ids) AND id BETWEEN :first AND :last ORDER BY id FOR NO KEY UPDATE
    ), written AS (
        UPDATE deliveries
           SET state = r.state, held = false, code = r.code, reason = r.reason,
               detail = coalesce(r.detail, deliveries.detail),
               provider_message_id = coalesce(r.provider_message_id, deliveries.provider_message_id),
               resolve_at = NULL, confirm_by = {_CONFIRM_BY}, ended_at = now()
          FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
               id uuid, state text, code text, reason text, detail jsonb, provider_message_id text, claimed_at timestamptz,
               refutes boolean, level text, within double precision)
          JOIN former ON former.id = r.id
         WHERE deliveries.id = ANY(:ids) AND deliveries.id BETWEEN :first AND :last AND deliveries.id = r.id
           AND (deliveries.state = 'unknown'
                AND (r.state = 'sent' OR deliveries.claimed_at = coalesce(r.claimed_at, deliveries.claimed_at))
                OR r.state = 'sent' AND (deliveries.state IN ('queued', 'failed')
                                         OR deliveries.state IN ('cancelled', 'skipped', 'waiting') AND deliveries.attempts > 0)
                OR r.state = 'failed' AND deliveries.state = 'sent' AND r.refutes)
           AND NOT coalesce(r.state = 'sent' AND deliveries.receipt = 'failed'
                            AND deliveries.provider_message_id = coalesce(r.provider_message_id, deliveries.provider_message_id),
                            false)
        RETURNING {statistics.COUNTED}, deliveries.id, deliveries.send_id, deliveries.state, deliveries.code, deliveries.target,
                  deliveries.reason, deliveries.detail, deliveries.provider_message_id,
                  deliveries.confirm_by IS NOT NULL AS awaited, now() AS now,
                  former.state AS former_state, former.code AS former_code, former.ended_at AS former_end
    ), counted AS ({statistics.count(statistics.corrected("written"), "number")})
    SELECT id, send_id, account_id, channel, target, state, code, reason, detail, provider_message_id, awaited, now FROM written
""")
"""Write what became known late. That a message was sent is the truth whatever was believed, short of a call under way, and unless
its provider said later that this very message failed. That it was not says nothing of later calls: it counts only where the
delivery is unknown, and was last claimed at ``claimed_at`` if given, or where a provider ``refutes`` that it was sent."""

insert_events: Final = text("""
    INSERT INTO events (send_id, id, delivery_id, kind, data)
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(send_id uuid, id uuid, delivery_id uuid, kind text, data jsonb)
""")
"""Note what no state tells, for the timeline of a send."""

insert_attempts: Final = text("""
    INSERT INTO attempts (delivery_id, claim_id, number, started_at, ended_at, outcome, code,
                          provider_status, provider_code, request, worker)
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
           delivery_id uuid, claim_id uuid, number smallint, started_at timestamptz, ended_at timestamptz, outcome text, code text,
           provider_status integer, provider_code text, request text, worker text)
    ON CONFLICT DO NOTHING
""")
"""Append what was called, also where the claim was lost meanwhile; a repeat of the same record changes nothing."""

select_members: Final = within(f"""
    SELECT {_MEMBER} FROM deliveries WHERE id = ANY(:ids) AND id BETWEEN :first AND :last
""")
"""The deliveries of the sends at hand."""

open_tiers: Final = within(f"""
    UPDATE deliveries SET state = 'queued', queued_at = now(), published_at = now()
     WHERE id = ANY(:ids) AND id BETWEEN :first AND :last AND state = 'waiting' AND NOT {IS_HALTED}
""")
"""Let the deliveries of the next tiers be claimed; those of a campaign that is halted wait until it is resumed."""

reopen_tiers: Final = within("""
    UPDATE deliveries SET state = 'waiting', ended_at = NULL
     WHERE id = ANY(:ids) AND id BETWEEN :first AND :last AND state = 'skipped'
""")
"""Let deliveries have their turn after all."""

skip_deliveries: Final = within("""
    UPDATE deliveries SET state = 'skipped', ended_at = now()
     WHERE id = ANY(:ids) AND id BETWEEN :first AND :last AND state IN ('waiting', 'queued')
""")
"""End the deliveries whose turn never came."""

advance_sends: Final = within(f"""
    WITH written AS (
        UPDATE sends
           SET state = r.state, tier = coalesce(r.tier, sends.tier),
               ended_at = CASE WHEN r.state = 'running' THEN NULL ELSE now() END
          FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, state text, tier smallint, former text)
         WHERE sends.id = ANY(:ids) AND sends.id BETWEEN :first AND :last AND sends.id = r.id
        RETURNING sends.campaign_id, sends.state, r.former
    )
    {statistics.count_sends("written")}
""")
"""Write the step that the cascade decided for each send; ``former`` is the state it was locked in."""

lock_keys: Final = text("SELECT FROM channel_keys WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE")
"""Lock keys in the order of their ids, before several statements change some of them each."""

suspend_keys: Final = text("""
    WITH locked AS (
        SELECT channel_keys.id, r.code, r.reason, r.probe_after
          FROM channel_keys
          JOIN jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
               id uuid, code text, reason text, probe_after double precision, claimed_at timestamptz) ON channel_keys.id = r.id
         WHERE channel_keys.status = 'active' AND (channel_keys.status_at IS NULL OR channel_keys.status_at < r.claimed_at)
         ORDER BY channel_keys.id FOR NO KEY UPDATE OF channel_keys
    )
    UPDATE channel_keys
       SET status = 'suspended', status_code = locked.code, status_reason = locked.reason, status_at = now(), updated_at = now(),
           probe_at = now() + make_interval(secs => locked.probe_after)
      FROM locked WHERE channel_keys.id = locked.id
    RETURNING channel_keys.id, channel_keys.channel, channel_keys.status_code
""")
"""Suspend keys that their providers refuse, locked in the order of their ids. A key that was resumed, or given new credentials,
after a call was claimed is not suspended by that call."""

insert_quarantined: Final = text("""
    INSERT INTO quarantine (delivery_id, send_id, account_id, step, error, trace)
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
           delivery_id uuid, send_id uuid, account_id uuid, step text, error text, trace text)
    ON CONFLICT (delivery_id) DO UPDATE
       SET step = excluded.step, error = excluded.error, trace = excluded.trace, at = now(), replayed_at = NULL
""")
"""Put deliveries that our own code could not process into quarantine; one that fails again after a replay is there again."""

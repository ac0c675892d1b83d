"""Taking deliveries for this worker."""

from typing import Final

from sqlalchemy import text

from shared.db.statements import people, quota, statistics, within
from shared.db.statements.campaigns import IS_HALTED

_RETURNING: Final = (
    "id, send_id, account_id, channel, tier, key_id, target, address, template_id, content, attempts, failures, paced,"
    " queued_at, queue"
)

_WITH_ALL_THAT_IS_NEEDED: Final = f"""
    SELECT claimed.*, now() AS now,
           sends.state AS send_state, sends.schedule_at, sends.expires_at, sends.variables, sends.until, sends.request_id,
           sends.traceparent, cardinality(sends.channels) AS deliveries,
           channel_keys.status AS key_status, channel_keys.status_code, channel_keys.status_reason,
           channel_keys.credentials, channel_keys.on_unknown, channel_keys.settings AS key_settings,
           channel_keys.rate_per_second, channel_keys.quota_limit, coalesce({quota.spent}, false) AS quota_spent,
           templates.body AS template_body, templates.status AS template_status, templates.active AS template_active,
           suppressions.id IS NOT NULL AS suppressed,
           coalesce({people.OPTED_OUT}, false) AS opted_out, conversations.last_inbound_at,
           EXISTS (SELECT FROM webhook_subscriptions WHERE account_id = claimed.account_id AND status = 'active') AS observed
      FROM claimed
      JOIN sends ON sends.id = claimed.send_id AND sends.id BETWEEN :first_send AND :last
      JOIN channel_keys ON channel_keys.id = claimed.key_id
      LEFT JOIN templates
        ON templates.id = claimed.template_id
       AND templates.account_id = claimed.account_id AND templates.channel = claimed.channel
      LEFT JOIN suppressions
        ON suppressions.account_id = claimed.account_id
       AND suppressions.channel = claimed.channel AND suppressions.address = claimed.address
       AND (suppressions.expires_at IS NULL OR suppressions.expires_at > now())
      LEFT JOIN contacts
        ON contacts.account_id = claimed.account_id
       AND contacts.channel = claimed.channel AND contacts.address = claimed.address
      LEFT JOIN conversations ON conversations.key_id = claimed.key_id AND conversations.address = claimed.address
"""

claim: Final = within(f"""
    WITH due AS (
        SELECT id FROM sends
         WHERE id = ANY(:send_ids) AND id BETWEEN :first_send AND :last AND state = 'scheduled'
         ORDER BY id FOR NO KEY UPDATE
    ), claimed AS (
        UPDATE deliveries
           SET state = 'claimed', claim_id = :claim_id, claimed_at = now(),
               lease_until = now() + make_interval(secs => :lease_seconds)
         WHERE id = ANY(:ids) AND id BETWEEN :first AND :last
           AND (state = 'queued' AND (not_before IS NULL OR not_before <= now()) AND NOT {IS_HALTED}
                OR state = 'claimed' AND claim_id = :claim_id)
           AND (SELECT count(*) FROM due) >= 0
        RETURNING {_RETURNING}
    ), started AS (
        UPDATE sends SET state = 'running'
         WHERE id = ANY(:send_ids) AND id BETWEEN :first_send AND :last AND state = 'scheduled'
           AND id IN (SELECT send_id FROM claimed)
    )
    {_WITH_ALL_THAT_IS_NEEDED}
""")
"""Claim what is due among some deliveries, and give all that is needed to send each. Of two that ask for one, one gets it.

A scheduled send runs from its first claim on. Like all that changes a send and its deliveries, the claim locks the send first,
in the order of ids: the count, which is always at least 0, is worked out before a delivery is touched. Who cancels or moves the
send has then done so, and its deliveries are not claimed, or comes too late. A send that runs already is not locked. Of a campaign
that is halted nothing is claimed.

A repeat under the same ``claim_id`` finds again what was claimed when the answer to the commit was lost.
"""

select_expired: Final = text("""
    SELECT id FROM deliveries WHERE state = 'claimed' AND lease_until <= now() ORDER BY lease_until LIMIT :limit
""")
"""Deliveries whose lease has run out, the longest first. Their sends are to be locked before they are."""

reclaim: Final = within(f"""
    WITH claimed AS (
        UPDATE deliveries
           SET claim_id = :claim_id, lease_until = now() + make_interval(secs => :lease_seconds)
         WHERE id = ANY(:ids) AND id BETWEEN :first AND :last AND state = 'claimed' AND lease_until <= now()
        RETURNING {_RETURNING}
    )
    {_WITH_ALL_THAT_IS_NEEDED}
""")
"""Take over those of some claims that are still past their lease: their worker died, perhaps in the call, or is cut off."""

select_not_due: Final = text("""
    SELECT id, queue, extract(epoch FROM not_before - now()) AS seconds
      FROM deliveries
     WHERE id = ANY(:ids) AND id BETWEEN :first AND :last AND state = 'queued' AND not_before > now()
""")
"""Deliveries whose task came before their time, and how many seconds too early."""

give_back: Final = text(f"""
    UPDATE deliveries
       SET state = CASE WHEN {IS_HALTED} THEN 'waiting' ELSE 'queued' END, claim_id = NULL, lease_until = NULL, paced = r.paced,
           queued_at = coalesce(r.patient_from, now() + make_interval(secs => r.seconds)),
           not_before = now() + make_interval(secs => r.seconds),
           published_at = CASE WHEN r.seconds <= :horizon_seconds THEN now() END
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
           id uuid, claim_id uuid, seconds double precision, paced boolean, patient_from timestamptz)
     WHERE deliveries.id = ANY(:ids) AND deliveries.id BETWEEN :first AND :last AND deliveries.id = r.id
       AND deliveries.claim_id = r.claim_id
    RETURNING deliveries.id, deliveries.queue, r.seconds
""")
"""Give claims back without a call: they may be claimed again after so many seconds, from which their patience begins
anew unless ``patient_from`` says otherwise. Those of a campaign that is halted are parked."""

end_unreadable: Final = text(f"""
    WITH ended AS (
        UPDATE deliveries
           SET state = :state, code = :code, reason = :reason, ended_at = now(), claim_id = NULL, lease_until = NULL
         WHERE id = ANY(:ids) AND id BETWEEN :first AND :last AND claim_id = :claim_id
        RETURNING {statistics.COUNTED}, deliveries.state, deliveries.code
    )
    {statistics.count("ended")}
""")
"""End deliveries that were claimed and cannot be read; their sends are settled by recovery."""

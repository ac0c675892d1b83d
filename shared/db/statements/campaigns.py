"""Feeding campaigns to the queue, and halting them.

A campaign's row is locked before its sends: who feeds makes sends under it, who halts takes back those that were made. Whoever
settles sends only reads it. So a campaign that was seen to be halted makes no send any more, and each of its sends is taken back
under its own lock, before or after the step that another takes with it.

What is taken back is *parked*: it waits although its tier is open. A claim that stands is a call under way and is left alone. The
statements that would put a delivery of a halted campaign into the queue park it too, and none of its deliveries is claimed.
"""

from typing import Final

from sqlalchemy import text

IS_HALTED: Final = """(deliveries.campaign_id IS NOT NULL AND EXISTS (
           SELECT FROM campaigns WHERE campaigns.id = deliveries.campaign_id AND campaigns.state IN ('paused', 'cancelled')
           OFFSET 0))"""
"""Whether nothing of a delivery's campaign may leave. Those without one look no further. As in all such questions here, ``OFFSET``
keeps the server from reading all campaigns that are like this, however many there are, to answer it for a few."""

_ENDED: Final = """coalesce((SELECT sum(number) FROM send_counts WHERE campaign_id = campaigns.id), 0)
           + coalesce((SELECT sum(number) FROM send_changes WHERE campaign_id = campaigns.id), 0)"""

look: Final = text("""
    SELECT coalesce(bool_or(state = 'running'), false) AS running,
           coalesce(bool_or(state = 'scheduled' AND schedule_at <= now()), false) AS due,
           coalesce(bool_or(state = 'importing' AND updated_at <= now() - make_interval(secs => :lost_seconds)), false) AS lost,
           coalesce(bool_or(state = 'cancelled'), false) AS closing
      FROM campaigns
     WHERE state IN ('importing', 'scheduled', 'running') OR state = 'cancelled' AND ended_at IS NULL
""")
"""Whether there is anything to do for campaigns, in one statement: an idle system asks nothing else."""

take_turn: Final = text("""
    SELECT pg_try_advisory_xact_lock(4720116) AS taken,
           set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true)
""")
"""Of all who feed one does, until its transaction ends; the others go away. Statistics from before a file was read promise that
hardly any recipient is left: by them, all that are left would be read and sorted for each turn, and not the next ones taken in
their order."""

select_running: Final = text("""
    WITH changed AS MATERIALIZED (
        SELECT campaign_id, sum(number) AS number FROM send_changes GROUP BY campaign_id
    )
    SELECT id, account_id, rate_per_second, credit, CAST(extract(epoch FROM now() - fed_at) AS double precision) AS elapsed,
           CAST(fed - coalesce((SELECT sum(number) FROM send_counts WHERE campaign_id = campaigns.id), 0)
                    - coalesce(changed.number, 0) AS bigint) AS in_flight,
           (SELECT count(DISTINCT send_id) FROM deliveries
             WHERE campaign_id = campaigns.id AND campaign_id IS NOT NULL AND state IN ('queued', 'claimed')) AS under_way,
           EXISTS (SELECT FROM campaign_recipients WHERE campaign_id = campaigns.id AND position > campaigns.position OFFSET 0)
           OR EXISTS (SELECT FROM campaign_recipients
                       WHERE campaign_id = campaigns.id AND state = 'deferred' AND due_at <= now() OFFSET 0) AS hungry,
           EXISTS (SELECT FROM campaign_recipients WHERE campaign_id = campaigns.id AND state = 'deferred' OFFSET 0) AS deferred
      FROM campaigns LEFT JOIN changed ON changed.campaign_id = campaigns.id
     WHERE state = 'running' ORDER BY account_id, id
""")
"""The campaigns that run: how many of their sends have not ended, how many of these wait for a worker or are called, whether there
are recipients whose turn it is, and whether some wait for the end of their quiet hours. Who waits for a receipt or a person keeps
nobody from being fed. Changes that are not added up yet are read once, for all campaigns together."""

lock_running: Final = text("""
    SELECT id, position, time_zone, quiet_from, quiet_until, jsonb_array_length(plan -> 'channels') AS channels, now() AS now
      FROM campaigns WHERE id = :campaign_id AND state = 'running' FOR NO KEY UPDATE SKIP LOCKED
""")
"""Lock a campaign that is to be fed. One that a person has in hand is fed later."""

_TURN: Final = """
        (SELECT position, state, time_zone, targets, addresses, variables FROM campaign_recipients
          WHERE campaign_id = :campaign_id AND state = 'deferred' AND due_at <= now()
          ORDER BY due_at, position LIMIT :most)
        UNION ALL
        (SELECT position, state, time_zone, targets, addresses, variables FROM campaign_recipients
          WHERE campaign_id = :campaign_id AND state = 'pending' AND position > :position
          ORDER BY position LIMIT :most)
        LIMIT :most
"""
"""The next recipients: first those that were deferred and are due, then those after the last one that was passed."""

select_zones: Final = text(f"""
    WITH turn AS MATERIALIZED ({_TURN})
    SELECT DISTINCT coalesce(time_zone, CAST(:time_zone AS text)) FROM turn
""")
"""The time zones of the next recipients; the campaign's where a recipient has none."""

feed: Final = text(f"""
    WITH campaign AS MATERIALIZED (
        SELECT id, account_id, plan -> 'variables' AS variables, CAST(plan ->> 'expires_in' AS double precision) AS expires_in,
               nullif(plan -> 'until', 'null') AS until,
               ARRAY(SELECT each ->> 'channel' FROM jsonb_array_elements(plan -> 'channels') AS each) AS channels
          FROM campaigns WHERE id = :campaign_id
    ), channels AS MATERIALIZED (
        SELECT each.*
          FROM campaigns, ROWS FROM (jsonb_to_recordset(plan -> 'channels') AS (
               channel text, tier smallint, fallback boolean, key_id uuid, template_id bigint, content jsonb)) WITH ORDINALITY
               AS each(channel, tier, fallback, key_id, template_id, content, number)
         WHERE campaigns.id = :campaign_id
    ), turn AS MATERIALIZED ({_TURN}), numbered AS (
        SELECT turn.*, row_number() OVER (ORDER BY position) AS number,
               CAST(CAST(:quiet AS jsonb) ->> coalesce(time_zone, CAST(:time_zone AS text)) AS timestamptz) AS quiet_until
          FROM turn
    ), passed AS MATERIALIZED (
        SELECT numbered.*, CASE WHEN quiet_until IS NULL THEN (CAST(:send_ids AS uuid[]))[number] END AS send_id FROM numbered
    ), taken AS MATERIALIZED (
        SELECT * FROM passed WHERE send_id IS NOT NULL
    ), made AS (
        INSERT INTO sends (id, account_id, dialect, state, channels, variables, expires_at, until, campaign_id)
        SELECT taken.send_id, campaign.account_id, 'campaign', 'running', campaign.channels,
               campaign.variables || taken.variables, now() + make_interval(secs => campaign.expires_in),
               campaign.until, campaign.id
          FROM taken CROSS JOIN campaign
    ), planned AS (
        INSERT INTO deliveries (id, send_id, account_id, channel, tier, fallback, key_id, target, address, template_id, content,
                                state, queue, campaign_id, queued_at, published_at)
        SELECT (CAST(:delivery_ids AS uuid[]))[(taken.number - 1) * cardinality(campaign.channels) + channels.number],
               taken.send_id, campaign.account_id, channels.channel, channels.tier, channels.fallback, channels.key_id,
               taken.targets ->> channels.channel, taken.addresses ->> channels.channel, channels.template_id,
               nullif(channels.content, 'null'), CASE channels.tier WHEN 0 THEN 'queued' ELSE 'waiting' END, 'bulk', campaign.id,
               CASE channels.tier WHEN 0 THEN now() END, CASE channels.tier WHEN 0 THEN now() END
          FROM taken CROSS JOIN campaign CROSS JOIN channels
        RETURNING id, state
    ), marked AS (
        UPDATE campaign_recipients
           SET state = CASE WHEN passed.send_id IS NULL THEN 'deferred' ELSE 'taken' END,
               send_id = passed.send_id, due_at = passed.quiet_until
          FROM passed
         WHERE campaign_recipients.campaign_id = :campaign_id
           AND campaign_recipients.position = ANY(ARRAY(SELECT position FROM passed))
           AND campaign_recipients.position = passed.position
    ), moved AS (
        UPDATE campaigns
           SET position = greatest(position, (SELECT max(position) FROM passed WHERE passed.state = 'pending'),
                                   CASE WHEN (SELECT count(*) FROM passed) < :most THEN
                                       (SELECT max(position) FROM campaign_recipients WHERE campaign_id = :campaign_id) END),
               fed = fed + (SELECT count(*) FROM taken), fed_at = now(),
               credit = greatest(0, :credit - (SELECT count(*) FROM taken))
         WHERE id = :campaign_id
    )
    SELECT (SELECT count(*) FROM passed) AS passed, (SELECT max(position) FROM passed) AS position,
           ARRAY(SELECT id FROM planned WHERE state = 'queued' ORDER BY id) AS opened
""")
"""Make sends of up to ``most`` recipients of a locked campaign, whose turn it is after ``position``; those in whose time zone it is
``quiet`` are deferred until the time that is given there. Each gets one of as many ``send_ids``, and its deliveries the next of
``delivery_ids``. Gives how many recipients were passed, the last of them in the file, and the deliveries to publish."""

complete: Final = text("""
    UPDATE campaigns SET state = 'completed', ended_at = now(), updated_at = now()
     WHERE id IN (SELECT id FROM campaigns WHERE id = ANY(:ids) AND state = 'running' FOR NO KEY UPDATE SKIP LOCKED)
    RETURNING id
""")
"""End campaigns of which nothing is left to do. One that a person has in hand is ended later, if at all."""

take_lost_imports: Final = text("""
    UPDATE campaigns SET updated_at = now()
     WHERE id IN (SELECT id FROM campaigns
                   WHERE state = 'importing' AND updated_at <= now() - make_interval(secs => :lost_seconds)
                     FOR NO KEY UPDATE SKIP LOCKED)
    RETURNING id
""")
"""Campaigns whose recipients are to be read, and whose task may be lost: one that somebody reads is not read by another besides."""

select_open: Final = text("""
    SELECT id, state, cardinality(channels) AS deliveries FROM sends
     WHERE campaign_id = :campaign_id AND campaign_id IS NOT NULL AND state IN ('running', 'scheduled')
     ORDER BY id FOR NO KEY UPDATE
""")
"""Lock the sends of a locked campaign that have not ended, in the order of their ids."""

park: Final = text("""
    WITH queued AS (
        SELECT id FROM deliveries
         WHERE id = ANY(:ids) AND id BETWEEN :first AND :last AND state = 'queued' ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE deliveries SET state = 'waiting'
      FROM queued
     WHERE deliveries.id = queued.id AND deliveries.id = ANY(:ids) AND deliveries.id BETWEEN :first AND :last
       AND deliveries.state = 'queued'
""")
"""Take the deliveries of locked sends out of the queue; their tasks will find nothing to claim."""

unpark: Final = text("""
    UPDATE deliveries
       SET state = 'queued', queued_at = greatest(now(), not_before),
           published_at = CASE WHEN coalesce(not_before <= now() + make_interval(secs => :horizon_seconds), true) THEN now() END
      FROM sends
     WHERE deliveries.id = ANY(:ids) AND deliveries.id BETWEEN :first AND :last AND deliveries.state = 'waiting'
       AND sends.id = deliveries.send_id AND sends.id = ANY(:send_ids) AND sends.id BETWEEN :first_send AND :last
       AND deliveries.tier <= sends.tier
    RETURNING deliveries.id, deliveries.queue, statement_timestamp() AS now,
              greatest(0, extract(epoch FROM not_before - statement_timestamp())) AS seconds
""")
"""Put what was parked of locked sends back into the queue, and give how many seconds later each may be claimed, if it is put off.
The pause takes nothing of their patience away."""

count_claimed: Final = text("""
    SELECT count(*) FROM deliveries
     WHERE id = ANY(:ids) AND id BETWEEN :first AND :last AND state = 'claimed'
""")
"""Count the calls under way among some deliveries."""

end: Final = text(f"""
    UPDATE campaigns SET ended_at = now(), updated_at = now()
     WHERE id = :campaign_id AND state = 'cancelled' AND ended_at IS NULL AND fed - ({_ENDED}) <= 0
""")
"""Note when the last send of a cancelled campaign has ended."""

reopen: Final = text("""
    UPDATE campaigns SET ended_at = NULL
     WHERE id IN (SELECT id FROM campaigns
                   WHERE state = 'cancelled' AND ended_at IS NOT NULL
                     AND EXISTS (SELECT FROM sends
                                  WHERE campaign_id = campaigns.id AND campaign_id IS NOT NULL AND state IN ('running', 'scheduled')
                                 OFFSET 0)
                     FOR NO KEY UPDATE SKIP LOCKED)
""")
"""Let cancelled campaigns be closed once more of which a send runs again: what it ended by has turned out to be no success."""

select_closing: Final = text("SELECT id FROM campaigns WHERE state = 'cancelled' AND ended_at IS NULL ORDER BY id")
"""Cancelled campaigns some of whose sends may not have ended."""

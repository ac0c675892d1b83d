"""A week's sends with all that belongs to them, written by one statement within Postgres.

All of it is made of numbers, so that the same numbers make the same history. The sends are spread evenly over the week and belong
to all accounts in turn. Of ten, seven went over one channel, two all the way to the third of three, and one was done with the first
of three; one in fifty failed. What waits for its time is written as the intake writes it.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text

from shared.db.partitions import Week
from shared.db.tables import attempts, deliveries, events, sends
from tests.bench.growth.people import PEOPLE

_MADE: Final = """
    SELECT number, md5(CAST(:salt AS text) || number) AS noise, number >= CAST(:sends AS bigint) AS waits,
           CASE WHEN number < CAST(:sends AS bigint) THEN CAST(number AS double precision) / greatest(CAST(:sends AS bigint), 1)
                ELSE CAST(number - CAST(:sends AS bigint) AS double precision) / greatest(CAST(:scheduled AS bigint), 1) END AS part
      FROM generate_series(0, CAST(:sends AS bigint) + CAST(:scheduled AS bigint) - 1) AS number
"""
"""What each send is made of; ``part`` says how much of the week, or of the month ahead, lies before it."""

_SENDS: Final = f"""
    SELECT CAST(lpad(to_hex(CAST(floor(extract(epoch FROM at) * 1000) AS bigint)), 12, '0') || '7' || left(noise, 3)
             || '8' || substr(noise, 4, 14) || '0' AS uuid) AS id,
           ids[1 + number % cardinality(ids)] AS account_id,
           CASE number % 4 WHEN 0 THEN 'kirim' WHEN 1 THEN 'kanal' ELSE 'kirisan' END AS dialect,
           CASE WHEN waits THEN 'scheduled' WHEN number % 50 = 0 THEN 'failed' ELSE 'sent' END AS state,
           CASE WHEN number % 10 IN (7, 8) AND NOT waits THEN 2 ELSE 0 END AS tier,
           CASE WHEN number % 10 < 7 THEN ARRAY['waba'] ELSE ARRAY['whatsapp', 'telegram', 'waba'] END AS channels,
           jsonb_build_object('name', 'Person ' || left(noise, 8), 'order_id', 'A-' || number) AS variables,
           CASE WHEN waits THEN now() + interval '1 hour' + part * interval '30 days' END AS schedule_at,
           CAST(md5('token' || number % 50) AS uuid) AS token_id, 'req_' || upper(left(noise, 26)) AS request_id,
           at AS created_at, CASE WHEN NOT waits THEN at + make_interval(secs => 0.2 + number % 40 / 10.0) END AS ended_at
      FROM (SELECT *, CAST(:since AS timestamptz) + part * (CAST(:until AS timestamptz) - CAST(:since AS timestamptz)) AS at
              FROM ({_MADE}) AS made) AS timed
     CROSS JOIN (SELECT array_agg(id ORDER BY id) AS ids FROM accounts) AS tenants
"""

_PLANNED: Final = f"""
    SELECT sends.*, planned.channel, CAST(place - 1 AS smallint) AS place,
           CAST(overlay(CAST(sends.id AS text) PLACING CAST(place AS text) FROM 36) AS uuid) AS delivery_id,
           CAST(CAST('x' || substr(CAST(sends.id AS text), 25, 8) AS bit(32)) AS bigint) AS noise,
           CASE planned.channel WHEN 'telegram' THEN '7' ELSE '62899' END
             || lpad(CAST(CAST(CAST('x' || substr(CAST(sends.id AS text), 25, 8) AS bit(32)) AS bigint) % {PEOPLE} AS text), 9, '0')
               AS address,
           CASE WHEN state = 'scheduled' THEN 'waiting' WHEN place - 1 < tier THEN 'failed' WHEN place - 1 = tier THEN state
                ELSE 'skipped' END AS became,
           created_at + (ended_at - created_at) * (place - 1) / (tier + 1) AS turn_at
      FROM sends CROSS JOIN unnest(channels) WITH ORDINALITY AS planned (channel, place)
"""

_DELIVERIES: Final = f"""
    SELECT delivery_id, id, account_id, channel, place, place > 0, CAST(md5(channel || account_id) AS uuid), address, address,
           jsonb_build_object('type', 'text', 'richContext', jsonb_build_object(), 'message',
                              'Hi {{{{name}}}}, your order {{{{order_id}}}} is ready to be picked up. Please bring this along.'),
           became, CASE WHEN became = 'failed' THEN 'recipient_blocked' END,
           CASE WHEN became = 'failed' THEN 'Forbidden: bot was blocked by the user' END,
           CASE WHEN became IN ('sent', 'failed') THEN jsonb_build_object('wa_id', address) END,
           CASE WHEN became = 'sent' THEN 'wamid.HBgN' || upper(md5(CAST(delivery_id AS text))) || right(address, 12) || 'A=' END,
           CASE WHEN became IN ('sent', 'failed') THEN turn_at END, CASE WHEN became IN ('sent', 'failed') THEN turn_at END,
           CASE WHEN became IN ('sent', 'failed') THEN turn_at + interval '5 milliseconds' END,
           CAST(became IN ('sent', 'failed') AS integer), CASE WHEN became IN ('sent', 'failed') THEN 100 + noise % 300 END,
           ended_at,
           CASE WHEN became = 'sent' THEN CASE WHEN noise % 2 = 0 THEN 'read' ELSE 'delivered' END END,
           CASE WHEN became = 'sent' THEN ended_at + interval '20 seconds' END
      FROM ({_PLANNED}) AS planned
"""

_ATTEMPTS: Final = """
    SELECT id, CAST(overlay(md5(CAST(id AS text)) PLACING left(replace(CAST(id AS text), '-', ''), 12) FROM 1) AS uuid), 1,
           claimed_at, claimed_at + make_interval(secs => processing_ms / 1000.0),
           CASE state WHEN 'sent' THEN 'sent' ELSE 'not_sent' END, code, CASE state WHEN 'sent' THEN 200 ELSE 403 END,
           'POST /messages', 'worker:1'
      FROM deliveries WHERE state IN ('sent', 'failed')
"""
"""One for each delivery that was called, no wider than what a worker writes: a wider one would leave gaps at the ends of pages, of
which a vacuum tells, and what is measured afterwards would go looking for them all over the table."""

_EVENTS: Final = """
    SELECT id, id, created_at, 'moved', jsonb_build_object('reason', 'schedule none -> none') FROM sends
     WHERE right(CAST(id AS text), 3) < '080'
"""
"""Something to tell of one send in thirty."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """What is written: sends that ended, and sends that wait for the month ahead, all accepted between two moments."""

    salt: str
    """What keeps its ids from those of other histories of the same time."""
    since: datetime
    until: datetime
    sends: int
    scheduled: int


def write(connection: Connection, week: Week, span: Span) -> None:
    """Write a span of a week straight into the week's partitions, be they attached or not."""
    statement = f"""
        WITH sends AS (
            INSERT INTO {week.of_table(sends)} (id, account_id, dialect, state, tier, channels, variables, schedule_at, token_id,
                                                request_id, created_at, ended_at) {_SENDS}
            RETURNING id, account_id, state, tier, channels, created_at, ended_at
        ), deliveries AS (
            INSERT INTO {week.of_table(deliveries)} (
                id, send_id, account_id, channel, tier, fallback, key_id, target, address, content, state, code, reason, detail,
                provider_message_id, queued_at, published_at, claimed_at, attempts, processing_ms, ended_at, receipt, receipt_at)
            {_DELIVERIES}
            RETURNING id, state, code, claimed_at, processing_ms
        ), attempts AS (
            INSERT INTO {week.of_table(attempts)} (
                delivery_id, claim_id, number, started_at, ended_at, outcome, code, provider_status, request, worker)
            {_ATTEMPTS}
        )
        INSERT INTO {week.of_table(events)} (send_id, id, at, kind, data) {_EVENTS}
    """
    connection.execute(text(statement), asdict(span))

"""The recipients of campaigns: read from files, reported on, and copied to other campaigns."""

from typing import Final

from sqlalchemy import text

_LOCK: Final = "hashtextextended('campaign.import ' || CAST(:campaign_id AS uuid), 0)"
"""The advisory lock of the only process that reads a campaign's file."""

COLUMNS: Final = (
    "campaign_id",
    "position",
    "state",
    "targets",
    "addresses",
    "fingerprint",
    "variables",
    "time_zone",
    "reason",
)

copy: Final = f"COPY campaign_recipients ({', '.join(COLUMNS)}) FROM STDIN"
"""What the driver copies rows into."""

alone: Final = text(f"""
    SELECT pg_try_advisory_xact_lock({_LOCK}) AS granted,
           set_config('work_mem', '64MB', true),
           set_config('tcp_keepalives_idle', '10', true), set_config('tcp_keepalives_interval', '5', true),
           set_config('tcp_keepalives_count', '3', true)
""")
"""Begin to read a campaign's file unless another process does, until this transaction ends. The server is to find out soon when
this process and its machine are gone: it waits for rows, and no other limit of its own holds meanwhile."""

begin: Final = text("""
    UPDATE campaigns
       SET state = 'importing', state_reason = NULL, source = :source, source_name = :source_name, source_format = :source_format,
           updated_at = now()
     WHERE id = :campaign_id
""")
"""Let the recipients of a locked campaign be read from a file."""

forget: Final = text("DELETE FROM campaign_recipients WHERE campaign_id = :campaign_id")
"""Delete the recipients of a campaign: another file was uploaded."""

mark_duplicates: Final = text("""
    WITH numbered AS (
        SELECT position, first_value(position) OVER (PARTITION BY fingerprint ORDER BY position) AS original
          FROM campaign_recipients WHERE campaign_id = :campaign_id AND state = 'pending'
    )
    UPDATE campaign_recipients AS later SET state = 'duplicate', reason = 'same recipient as row ' || numbered.original
      FROM numbered
      JOIN campaign_recipients AS earlier ON earlier.campaign_id = :campaign_id AND earlier.position = numbered.original
     WHERE later.campaign_id = :campaign_id AND later.position = numbered.position
       AND numbered.original < numbered.position AND jsonb_strip_nulls(later.addresses) = jsonb_strip_nulls(earlier.addresses)
""")
"""Mark the rows whose addresses an earlier row has, those aside that no message could reach. The fingerprint finds them, the
addresses decide."""

finish: Final = text("""
    UPDATE campaigns
       SET state = 'draft', state_reason = NULL, rows = :rows, refused = :refused, duplicates = :duplicates,
           position = 0, fed = 0, updated_at = now()
     WHERE id = :campaign_id AND state = 'importing' AND source IS NOT DISTINCT FROM :source
""")
"""Let a campaign be a draft again whose recipients have been read from the file it still has."""

fail: Final = text("""
    UPDATE campaigns
       SET state = 'failed', state_reason = :reason, rows = 0, refused = 0, duplicates = 0, position = 0, fed = 0,
           updated_at = now()
     WHERE id = :campaign_id AND state = 'importing' AND source IS NOT DISTINCT FROM :source
""")
"""Say why a campaign's recipients could not be read from the file it still has."""

select_bounds: Final = text("SELECT coalesce(max(position), 0) FROM campaign_recipients WHERE campaign_id = :campaign_id")
"""The last position of a campaign's recipients; the first is 1."""

count_unfit: Final = text("""
    SELECT CASE state WHEN 'refused' THEN reason END AS refusal, count(*) AS number
      FROM campaign_recipients
     WHERE campaign_id = :campaign_id AND position BETWEEN :first AND :last AND state IN ('refused', 'duplicate')
     GROUP BY 1
""")
"""Rows that nobody is to get a message for, by the reason of their refusal; that of duplicates is null."""

select_page: Final = text("""
    SELECT position, state, targets, time_zone, send_id, reason FROM campaign_recipients
     WHERE campaign_id = :campaign_id AND position > :after ORDER BY position LIMIT :limit
""")
"""The recipients of a campaign after a position."""

select_refused: Final = text("""
    SELECT position, reason, variables FROM campaign_recipients
     WHERE campaign_id = :campaign_id AND position > :after AND state = 'refused' ORDER BY position LIMIT :limit
""")
"""The refused rows of a campaign after a position, with what stood in them."""

select_refused_columns: Final = text("""
    SELECT DISTINCT jsonb_object_keys(variables) FROM campaign_recipients
     WHERE campaign_id = :campaign_id AND position BETWEEN :first AND :last AND state = 'refused'
""")
"""The columns of the refused rows between two positions."""

select_last: Final = text("SELECT coalesce(max(position), 0) FROM campaign_recipients WHERE campaign_id = :campaign_id")
"""The last position of a campaign's recipients; the first is 1."""

copy_ended: Final = text("""
    INSERT INTO campaign_recipients (campaign_id, position, targets, addresses, fingerprint, variables, time_zone)
    SELECT :child_id, :copied + row_number() OVER (ORDER BY recipients.position),
           targets, addresses, fingerprint, recipients.variables, time_zone
      FROM campaign_recipients AS recipients
      CROSS JOIN LATERAL (SELECT state FROM sends WHERE sends.id = recipients.send_id OFFSET 0) AS send
     WHERE recipients.campaign_id = :campaign_id AND recipients.position BETWEEN :first AND :last
       AND recipients.state = 'taken' AND send.state = ANY(:states)
""")
"""Copy the recipients between two positions whose sends have ended so, as ones that are to become sends again, behind those that
were copied before."""

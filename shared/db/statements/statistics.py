"""Counting what ends, in the statements that end it, and adding up what was counted.

Who ends a delivery, or makes something else of one that has ended, adds rows to ``delivery_changes`` in the same transaction; who
brings a campaign's send into a final state, or out of one, does so to ``send_changes``. Rows are only ever added, so that nobody
waits for anybody. What a delivery was counted as is taken back by the hour in which it was counted: that of its former end.
"""

from typing import Final

from sqlalchemy import text

from shared.db.tables.statistics import NO_CAMPAIGN
from shared.domain import states

ENDED: Final = "(" + ", ".join(f"'{state}'" for state in states.COUNTED) + ")"
"""The states of deliveries that are counted."""

COUNTED: Final = ", ".join(
    f"deliveries.{name}" for name in ("account_id", "channel", "key_id", "template_id", "campaign_id", "ended_at")
)
"""The columns of a delivery that :func:`count` needs besides its state and its code."""

_KEY: Final = "account_id, hour, channel, key_id, template_id, campaign_id, state, code"


def count(rows: str, number: str = "1") -> str:
    """Write the statement that counts those of some rows that have ended, each ``number`` times.

    The rows have :data:`COUNTED`, ``state`` and ``code``.
    """
    return f"""
        INSERT INTO delivery_changes ({_KEY}, number)
        SELECT account_id, date_trunc('hour', ended_at, 'UTC'), channel, key_id, coalesce(template_id, 0),
               coalesce(campaign_id, '{NO_CAMPAIGN}'), state, coalesce(code, ''), sum({number})
          FROM {rows} WHERE state IN {ENDED} AND ended_at IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 HAVING sum({number}) <> 0
    """


def corrected(written: str) -> str:
    """Write what :func:`count` takes for rows that were something else before: as they were, and as they are.

    ``written`` has what :func:`count` takes, and ``former_state``, ``former_code`` and ``former_end`` besides.
    """
    same = "account_id, channel, key_id, template_id, campaign_id"
    return f"""
        (SELECT {same}, former_state AS state, former_code AS code, former_end AS ended_at, -1 AS number FROM {written}
          UNION ALL
         SELECT {same}, state, code, ended_at, 1 FROM {written}) AS corrected
    """


def count_sends(rows: str) -> str:
    """Write the statement that counts the final states of a campaign's sends, and no longer counts their former ones.

    The rows are those of any sends, with ``campaign_id``, ``state`` and ``former``.
    """
    return f"""
        INSERT INTO send_changes (campaign_id, state, number)
        SELECT campaign_id, change.state, sum(change.number)
          FROM {rows} CROSS JOIN LATERAL (VALUES (former, -1), ({rows}.state, 1)) AS change(state, number)
         WHERE campaign_id IS NOT NULL AND change.state NOT IN ('scheduled', 'running')
         GROUP BY 1, 2 HAVING sum(change.number) <> 0
    """


recount: Final = text(
    count(
        f"""(SELECT {COUNTED}, state, code, CAST(:number AS bigint) AS number FROM deliveries
              WHERE id = ANY(:ids) AND id BETWEEN :first AND :last) AS locked""",
        "number",
    )
)
"""Count some locked deliveries as they are ``number`` times: -1 before what they ended as is changed, and 1 after it."""

fold_deliveries: Final = text(f"""
    WITH taken AS (
        DELETE FROM delivery_changes
         WHERE id = ANY(ARRAY(SELECT id FROM delivery_changes ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED))
        RETURNING {_KEY}, number
    ), folded AS (
        INSERT INTO delivery_counts ({_KEY}, number)
        SELECT {_KEY}, sum(number) FROM taken GROUP BY {_KEY} HAVING sum(number) <> 0 ORDER BY {_KEY}
        ON CONFLICT ({_KEY}) DO UPDATE SET number = delivery_counts.number + excluded.number
    )
    SELECT count(*) FROM taken
""")
"""Add up changes, the oldest first, and give how many they were; what another adds up at this moment is passed over. Counts are
written in the order of their keys, so that two who do so never wait for each other in a circle."""

fold_sends: Final = text("""
    WITH taken AS (
        DELETE FROM send_changes
         WHERE id = ANY(ARRAY(SELECT id FROM send_changes ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED))
        RETURNING campaign_id, state, number
    ), folded AS (
        INSERT INTO send_counts (campaign_id, state, number)
        SELECT campaign_id, state, sum(number) FROM taken
         GROUP BY campaign_id, state HAVING sum(number) <> 0 ORDER BY campaign_id, state
        ON CONFLICT (campaign_id, state) DO UPDATE SET number = send_counts.number + excluded.number
    )
    SELECT count(*) FROM taken
""")
"""The same for the sends of campaigns."""

expire: Final = text("""
    DELETE FROM delivery_counts WHERE ctid = ANY(ARRAY(
        SELECT old.ctid FROM accounts CROSS JOIN LATERAL (
            SELECT ctid FROM delivery_counts
             WHERE account_id = accounts.id AND hour < now() - make_interval(days => :days)
             LIMIT :limit FOR UPDATE SKIP LOCKED) AS old
         LIMIT :limit))
""")
"""Delete the counts of hours that lie more than so many days back, account by account, as their key has them."""

"""What would become of a campaign's recipients, judged by what is known before anything is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import TextClause, text

from shared.db.statements import people, quota
from shared.domain.channels import Channel

NOT_NEEDED: Final = "not_needed"
"""Stands for the channels of a tier whose turn would not come."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """A channel whose use for each recipient is judged by :func:`judge`."""

    channel: Channel
    tier: int
    in_window: bool
    """Whether the recipient must have written in the last 24 hours."""
    limited: bool
    """Whether its key has a quota."""


select_keys: Final = text(f"""
    SELECT id, status, status_code, status_reason, settings, {quota.left} AS units
      FROM channel_keys WHERE account_id = :account_id AND id = ANY(:ids)
""")
"""The keys of a campaign, and how many units of its quota each has left; null for one without."""

count_unfit: Final = text("""
    SELECT CASE state WHEN 'refused' THEN reason END AS refusal, count(*) AS number
      FROM campaign_recipients
     WHERE campaign_id = :campaign_id AND position BETWEEN :first AND :last AND state IN ('refused', 'duplicate')
     GROUP BY 1
""")
"""Rows of which nobody is to get a message, by the reason of their refusal; that of duplicates is null."""


def judge(channels: Sequence[Judged]) -> TextClause:
    """Give the statement that counts the recipients between two positions by what would become of each of some channels.

    A row of its answer has a code for each channel, named ``c0`` and so on in the order of the channels: null when it can be
    used, :data:`NOT_NEEDED` when an earlier tier has one that can. What is checked, and in which order, is what a worker checks
    before it calls. Of a key with a quota the first recipients get what is left. One position alone gives that of one recipient.
    """
    names = ", ".join(f"c{number}" for number in range(len(channels)))
    return text(f"SELECT {names}, count(*) AS number FROM ({_tiers(channels)}) AS judged GROUP BY {names}")


def _tiers(channels: Sequence[Judged]) -> str:
    """Judge tier by tier: whether the next has its turn depends on what is left of quotas for the one before."""
    inner, reached = _facts(channels), "true"
    for tier in sorted({channel.tier for channel in channels}):
        own = {number: channel for number, channel in enumerate(channels) if channel.tier == tier}
        judged = ", ".join(_reached(number, channel, reached) for number, channel in own.items())
        inner = f"SELECT *, {judged} FROM ({inner}) AS tier_{tier}"
        reached = " AND ".join((reached, *(f"c{number} IS NOT NULL" for number in own)))
    return inner


def _reached(number: int, channel: Judged, reached: str) -> str:
    """Judge a channel by whether its tier has its turn; a key's units are taken in the order of positions."""
    taken = f"count(*) FILTER (WHERE {reached} AND f{number} IS NULL) OVER (ORDER BY position)"
    quota = f"WHEN {taken} > :units_{number} THEN 'quota_exceeded'" if channel.limited else ""
    return f"""
           CASE WHEN NOT ({reached}) THEN '{NOT_NEEDED}' WHEN f{number} IS NOT NULL THEN f{number} {quota} END AS c{number}"""


def _facts(channels: Sequence[Judged]) -> str:
    """Give each recipient with what stops each channel whatever becomes of the others."""
    facts = ", ".join(f"{_fact(number, channel)} AS f{number}" for number, channel in enumerate(channels))
    joins = "".join(_joined(number, channel) for number, channel in enumerate(channels))
    return f"""
        SELECT recipients.position, {facts}
          FROM campaign_recipients AS recipients {joins}
         WHERE recipients.campaign_id = :campaign_id AND recipients.position BETWEEN :first AND :last
           AND recipients.state IN ('pending', 'deferred')"""


def _fact(number: int, channel: Judged) -> str:
    """Say what stops a channel, in the order of the worker's guards."""
    name = channel.channel.value
    window = f"WHEN {_closed(number)} THEN 'outside_window'" if channel.in_window else ""
    return f"""
           CASE WHEN CAST(:key_{number} AS text) IS NOT NULL THEN CAST(:key_{number} AS text)
                WHEN NOT recipients.targets ? '{name}' THEN 'target_missing'
                WHEN recipients.addresses ->> '{name}' IS NULL THEN 'target_invalid'
                WHEN s{number}.id IS NOT NULL THEN 'recipient_suppressed'
                WHEN p{number}.id IS NOT NULL THEN 'recipient_opted_out'
                {window}
                WHEN CAST(:template_{number} AS text) IS NOT NULL THEN CAST(:template_{number} AS text)
                WHEN NOT recipients.variables ?& CAST(:needed_{number} AS text[]) THEN 'variables_missing' END"""


def _closed(number: int) -> str:
    return f"coalesce(w{number}.last_inbound_at <= now() - interval '24 hours', true)"


def _joined(number: int, channel: Judged) -> str:
    """Join what is known of a recipient's address on a channel: at most one row of each table.

    Each is looked up by its key: a plan that was made while these tables were small would otherwise read them for each recipient.
    """
    name = channel.channel.value
    address = f"address = recipients.addresses ->> '{name}'"
    of_channel = f"account_id = :account_id AND channel = '{name}' AND {address}"
    lookups = {
        "s": f"SELECT id FROM suppressions WHERE {of_channel} AND (expires_at IS NULL OR expires_at > now())",
        "p": f"SELECT id FROM contacts WHERE {of_channel} AND {people.OPTED_OUT}",
    }
    if channel.in_window:
        lookups["w"] = f"SELECT last_inbound_at FROM conversations WHERE key_id = :key_id_{number} AND {address}"
    return "".join(
        f"""
          LEFT JOIN LATERAL ({lookup} OFFSET 0) AS {alias}{number} ON true"""
        for alias, lookup in lookups.items()
    )

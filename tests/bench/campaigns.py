"""A campaign on a bed, with recipients that are written into the database at once: how files are read is measured nowhere here."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import Engine, create_engine, text

from deploy.local import environment
from shared import ids
from shared.domain.campaigns import CampaignPlan, PlannedChannel, dump_plan
from shared.domain.channels import Channel
from shared.domain.content import JsonObject
from tests.bench import waits
from tests.bench.bed import Bed

_ACCOUNT: Final = "second"
"""Whose campaigns these are: nobody posts for it."""
_FIRST_PHONE: Final = 6_285_200_000_000
"""From here on, the recipients of campaigns: nobody else's."""

_MAKE: Final = text("""
    INSERT INTO campaigns (id, account_id, name, plan, rows)
    SELECT CAST(:id AS uuid), accounts.id, 'bench',
           jsonb_set(CAST(:plan AS jsonb), '{channels,0,key_id}', to_jsonb(channel_keys.id)), CAST(:rows AS bigint)
      FROM accounts JOIN channel_keys ON channel_keys.account_id = accounts.id AND channel_keys.channel = 'waba'
     WHERE accounts.name = :account
""")
_FILL: Final = text("""
    INSERT INTO campaign_recipients (campaign_id, position, targets, addresses, fingerprint, variables)
    SELECT CAST(:id AS uuid), position, phone, phone, position, jsonb_build_object('name', 'Alex')
      FROM generate_series(1, CAST(:rows AS bigint)) AS position,
           LATERAL (SELECT jsonb_build_object('waba', CAST(CAST(:first AS bigint) + position AS text)) AS phone) AS recipient
""")
_STATE: Final = text("UPDATE campaigns SET state = :state, started_at = coalesce(started_at, now()) WHERE id = :id")
_ENDED: Final = text("""
    SELECT coalesce(sum(number), 0) FROM (SELECT campaign_id, number FROM send_counts
                                           UNION ALL SELECT campaign_id, number FROM send_changes) AS counted
     WHERE campaign_id = :id
""")
_FED: Final = text("SELECT fed FROM campaigns WHERE id = :id")


@dataclass(frozen=True, kw_only=True, slots=True)
class Campaign:
    """One that runs."""

    id: UUID
    engine: Engine

    def ended(self) -> int:
        """Count the sends of it that have ended."""
        with self.engine.connect() as connection:
            return int(connection.execute(_ENDED, {"id": self.id}).scalar_one())

    def become(self, state: str) -> None:
        """Let it run, or be over."""
        with self.engine.begin() as connection:
            connection.execute(_STATE, {"id": self.id, "state": state})

    def is_idle(self) -> bool:
        """Tell whether all its sends have ended."""
        with self.engine.connect() as connection:
            return self.ended() == int(connection.execute(_FED, {"id": self.id}).scalar_one())


@contextmanager
def running(bed: Bed, rows: int) -> Iterator[Campaign]:
    """Have a campaign run, from when its first sends have ended; afterwards it is over, and its sends have ended."""
    engine = create_engine(bed.stack.environment()[environment.DATABASE_URL])
    campaign = Campaign(id=ids.new(), engine=engine)
    named = {"id": campaign.id, "rows": rows}
    with engine.begin() as connection:
        connection.execute(_MAKE, {**named, "account": _ACCOUNT, "plan": json.dumps(_plan())})
        connection.execute(_FILL, {**named, "first": _FIRST_PHONE})
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("ANALYZE campaign_recipients")
    campaign.become("running")
    try:
        waits.until(lambda: campaign.ended() > 0, "the campaign's first outcome")
        yield campaign
    finally:
        campaign.become("completed")
        waits.until(campaign.is_idle, "the campaign's last outcome", pause=0.1)
        engine.dispose()


def _plan() -> JsonObject:
    """Plan one message by WABA, whose key is written in later."""
    content = {"type": "text", "message": "Hi {{name}}, the sale has begun."}
    planned = PlannedChannel(channel=Channel.WABA, tier=0, fallback=False, key_id=UUID(int=0), content=content)
    return dump_plan(CampaignPlan(channels=(planned,)))

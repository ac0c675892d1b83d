"""A database that no worker looks at, and an account whose campaigns get files."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, insert, make_url, select, update

from deploy.local.stack import Stack
from shared import ids
from shared.db.tables import campaign_recipients, campaigns, channel_keys, templates
from shared.domain.campaigns import CampaignPlan, ColumnMapping, PlannedChannel
from shared.domain.channels import Channel
from shared.management import accounts, keys
from shared.management.campaigns import importing, records
from shared.management.campaigns.fields import Fields
from shared.management.campaigns.importing import Imported
from shared.management.campaigns.readers import Format
from shared.management.campaigns.records import Campaign
from tests.integration import nowhere, own_database, this_process

HELLO = {"type": "text", "message": "Hello {{name}}"}


@pytest.fixture(scope="package")
def database(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    servers = stack.environment()
    with own_database.made(make_url(servers["ANTAR_DATABASE_URL"])) as url:
        own = {
            "ANTAR_DATABASE_URL": url.render_as_string(hide_password=False),
            "ANTAR_FILES_URL": f"file://{tmp_path_factory.mktemp('files')}",
            "ANTAR_CAMPAIGN_ROWS": "5000",
        }
        with this_process.set_up({**servers, **own}) as engine:
            yield engine


@dataclass(frozen=True, kw_only=True)
class Office:
    """An account, its keys and its campaigns."""

    database: Engine
    account_id: UUID
    keys: dict[Channel, UUID] = field(default_factory=dict)

    def key(self, channel: Channel, **changes: Any) -> UUID:
        """Give the account's key of a channel, with some columns changed."""
        with self.database.begin() as connection:
            if channel not in self.keys:
                self.keys[channel] = keys.create(connection, self.account_id, channel, "key", nowhere.CREDENTIALS[channel])[0].id
            if changes:
                connection.execute(update(channel_keys).where(channel_keys.c.id == self.keys[channel]).values(**changes))
        return self.keys[channel]

    def planned(self, channel: Channel, tier: int = 0, **changes: Any) -> PlannedChannel:
        usual = {"channel": channel, "tier": tier, "fallback": tier > 0, "key_id": self.key(channel), "content": HELLO}
        return PlannedChannel(**{**usual, **changes})

    def template(self, channel: Channel, body: Mapping[str, Any] = HELLO, **changes: Any) -> int:
        values = {
            "account_id": self.account_id,
            "channel": channel.value,
            "name": "t",
            "body": body,
            "status": "approved",
            **changes,
        }
        with self.database.begin() as connection:
            return int(connection.execute(insert(templates).values(values).returning(templates.c.id)).scalar_one())

    def campaign(self, *channels: PlannedChannel, **mapping: Any) -> Campaign:
        """Make a campaign whose columns are named after its channels, with the variable ``name``."""
        plan = CampaignPlan(channels=channels or (self.planned(Channel.TELEGRAM),))
        targets = {each.channel: each.channel.value for each in plan.channels}
        columns = ColumnMapping(**{"targets": targets, "variables": {"name": "name"}, **mapping})
        with self.database.begin() as connection:
            return records.create(connection, self.account_id, Fields(name="Spring", plan=plan, mapping=columns))

    def begin(self, campaign: Campaign, source: Format = Format.CSV) -> Campaign:
        """Let a file be read, under another location each time."""
        with self.database.begin() as connection:
            locked = records.lock(connection, self.account_id, campaign.id)
            importing.begin(connection, locked, f"campaigns/{ids.new()}", "people", source)
            return records.load(connection, self.account_id, campaign.id)

    def fill(self, campaign: Campaign, content: str | Iterable[bytes], source: Format = Format.CSV) -> Imported:
        chunks = [content.encode()] if isinstance(content, str) else content
        return importing.read_rows(self.begin(campaign, source), chunks)

    def load(self, campaign: Campaign) -> Campaign:
        with self.database.connect() as connection:
            return records.load(connection, self.account_id, campaign.id)

    def rows(self, campaign: Campaign, *columns: str) -> list[Sequence[Any]]:
        asked = select(*(campaign_recipients.c[name] for name in columns)).where(campaign_recipients.c.campaign_id == campaign.id)
        with self.database.connect() as connection:
            return [tuple(row) for row in connection.execute(asked.order_by(campaign_recipients.c.position))]

    def change(self, campaign: Campaign, **values: Any) -> None:
        with self.database.begin() as connection:
            connection.execute(update(campaigns).where(campaigns.c.id == campaign.id).values(**values))


@pytest.fixture
def office(database: Engine) -> Office:
    with database.begin() as connection:
        account_id = accounts.create(connection, f"office {ids.new()}").id
    return Office(database=database, account_id=account_id)

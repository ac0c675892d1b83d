"""Whether a campaign can be sent as it is planned."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, select

from shared.db.tables import channel_keys, templates
from shared.domain.campaigns import PlannedChannel
from shared.domain.states import KeyStatus
from shared.management.campaigns.records import Campaign
from shared.management.errors import Invalid

_APPROVED: Final = "approved"


def check(connection: Connection, campaign: Campaign) -> None:
    """Raise :class:`Invalid`, naming the field, unless there are recipients, keys that are not revoked, and usable templates."""
    if campaign.rows - campaign.refused - campaign.duplicates <= 0:
        raise Invalid("recipients", "are missing: upload a file that has some")
    if not campaign.plan.channels:
        raise Invalid("keys", "must name at least one channel")
    for problem in _problems(connection, campaign):
        raise problem


def _problems(connection: Connection, campaign: Campaign) -> Iterator[Invalid]:
    for channel in campaign.plan.channels:
        if _is_gone(connection, campaign.account_id, channel):
            yield Invalid(f"keys.{channel.channel}", "is revoked, or no key of the account's for this channel")
        if channel.template_id is not None and not _is_usable(connection, campaign.account_id, channel):
            yield Invalid(f"content.{channel.channel}.template", "is no template of this channel that is approved and active")


def _is_gone(connection: Connection, account_id: UUID, channel: PlannedChannel) -> bool:
    keys = channel_keys.c
    same = (keys.id == channel.key_id, keys.account_id == account_id, keys.channel == channel.channel)
    return connection.execute(select(keys.status).where(*same)).scalar() in {None, KeyStatus.REVOKED}


def _is_usable(connection: Connection, account_id: UUID, channel: PlannedChannel) -> bool:
    same = (templates.c.id == channel.template_id, templates.c.account_id == account_id, templates.c.channel == channel.channel)
    usable = select(templates.c.id).where(*same, templates.c.status == _APPROVED, templates.c.active)
    return connection.execute(usable).scalar() is not None

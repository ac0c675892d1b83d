"""One row of a campaign's file as its recipient would get it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from shared.db.tables import campaign_recipients
from shared.domain import previews
from shared.domain.campaigns import OPEN_RECIPIENTS, RecipientState
from shared.domain.channels import Channel
from shared.domain.content import JsonObject
from shared.domain.outcome import Code
from shared.management.campaigns import judging
from shared.management.campaigns.judging import Standing
from shared.management.campaigns.records import Campaign
from shared.management.errors import NotFound


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelPreview:
    """What one channel would send."""

    channel: Channel
    tier: int
    target: str | None
    """As it stands in the file."""
    content: JsonObject | None
    """With every placeholder filled; ``None`` when that cannot be done."""
    code: str | None
    """What stops it, ``not_needed`` if that is an earlier tier; ``None`` when it would be sent."""
    reason: str | None
    """More about that, for people."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """What would become of one row."""

    position: int
    state: RecipientState
    reason: str | None
    """What is wrong with the row."""
    values: Mapping[str, str]
    """The recipient's own variables; all cells of a row that was refused."""
    time_zone: str | None
    channels: tuple[ChannelPreview, ...]
    """None for a row that is refused."""


def show(connection: Connection, campaign: Campaign, position: int) -> Preview:
    """Render a row, numbered from 1, for each channel. Raises :class:`NotFound` when there is no such row."""
    row = _row(connection, campaign, position)
    state = RecipientState(row.state)
    return Preview(
        position=position,
        state=state,
        reason=row.reason,
        values=row.variables,
        time_zone=row.time_zone,
        channels=() if state is RecipientState.REFUSED else _channels(connection, campaign, row, state),
    )


def _row(connection: Connection, campaign: Campaign, position: int) -> Row[Any]:
    recipients = campaign_recipients.c
    statement = select(campaign_recipients).where(recipients.campaign_id == campaign.id, recipients.position == position)
    row = connection.execute(statement).one_or_none() if position < 1 << 63 else None
    if row is None:
        raise NotFound("there is no such row")
    return row


def _channels(connection: Connection, campaign: Campaign, row: Row[Any], state: RecipientState) -> tuple[ChannelPreview, ...]:
    """Judge a recipient who is not a send yet; of others only what they get is shown."""
    standing = judging.standings(connection, campaign)
    judged = judging.judge(connection, campaign, standing, row.position, row.position) if state in OPEN_RECIPIENTS else ()
    codes = judged[0][: len(standing)] if judged else [None] * len(standing)
    variables = {**campaign.plan.variables, **row.variables}
    return tuple(_channel(each, row, variables, code) for each, code in zip(standing, codes, strict=True))


def _channel(standing: Standing, row: Row[Any], variables: Mapping[str, str], code: str | None) -> ChannelPreview:
    rendered, problem, reason = _rendered(standing, variables)
    stopped = code or problem
    return ChannelPreview(
        channel=standing.planned.channel,
        tier=standing.planned.tier,
        target=row.targets.get(standing.planned.channel.value),
        content=rendered,
        code=stopped,
        reason=standing.key_reason if stopped and stopped == standing.key else reason,
    )


def _rendered(standing: Standing, variables: Mapping[str, str]) -> tuple[JsonObject | None, Code | None, str | None]:
    """Fill a content's placeholders; or say by a code, and to people, why that cannot be done."""
    if standing.content.body is None:
        return None, standing.template, None
    filled = previews.preview(standing.content.body, variables)
    if filled.missing:
        return None, Code.VARIABLES_MISSING, f"missing variables: {', '.join(filled.missing)}"
    if filled.invalid is not None:
        return None, Code.CONTENT_INVALID, f"the content with its variables is invalid: {filled.invalid}"
    return filled.rendered, None, None

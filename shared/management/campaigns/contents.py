"""What the channels of a campaign are to say: templates as they are now, and inline content."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Connection, Row, select

from shared.db.tables import templates
from shared.domain import content, rendering
from shared.domain.campaigns import CampaignPlan, PlannedChannel
from shared.domain.channels import Channel
from shared.domain.content import Inline, TemplateBody


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What one channel of a campaign says."""

    body: TemplateBody | Inline | None
    """``None`` when there is no such template, or it cannot be read."""
    status: str | None = None
    """Of the template; ``None`` for inline content."""
    active: bool = True

    @property
    def placeholders(self) -> list[str]:
        """The variables that it needs; none while it cannot be read."""
        return [] if self.body is None else rendering.placeholders(self.body)


def load(connection: Connection, account_id: UUID, plan: CampaignPlan) -> dict[Channel, Content]:
    """Read what each channel of a plan says."""
    wanted = [each.template_id for each in plan.channels if each.template_id is not None]
    statement = select(templates).where(templates.c.id.in_(wanted), templates.c.account_id == account_id)
    found = {(row.id, row.channel): row for row in connection.execute(statement)} if wanted else {}
    return {each.channel: _content(each, found) for each in plan.channels}


def _content(planned: PlannedChannel, found: Mapping[tuple[int, str], Row[Any]]) -> Content:
    if planned.template_id is None:
        return Content(body=_inline(planned))
    row = found.get((planned.template_id, planned.channel.value))
    return Content(body=None) if row is None else _of_template(planned.channel, row)


def _of_template(channel: Channel, row: Row[Any]) -> Content:
    try:
        body = content.parse_template(channel, row.body)
    except ValidationError:
        body = None
    return Content(body=body, status=row.status, active=row.active)


def _inline(planned: PlannedChannel) -> Inline | None:
    try:
        return content.parse_inline(planned.content or {})
    except ValidationError:
        return None

"""What stops the channels of a campaign whoever the recipient is, and the statement that judges recipients by it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row

from shared.db.statements import trial as statements
from shared.db.statements.trial import Judged
from shared.domain.campaigns import PlannedChannel
from shared.domain.channels import Channel
from shared.domain.outcome import Code
from shared.domain.states import KeyStatus
from shared.management.campaigns import contents
from shared.management.campaigns.contents import Content
from shared.management.campaigns.records import Campaign

_APPROVED: Final = "approved"
_ENDLESS: Final = 2**62
"""Units of a key without a quota."""


@dataclass(kw_only=True, slots=True)
class Standing:
    """One channel of a campaign as things stand."""

    planned: PlannedChannel
    content: Content
    key: Code | None
    """What stops the key."""
    key_reason: str | None
    template: Code | None
    """What stops the template."""
    needed: Sequence[str]
    """The variables that a recipient must bring."""
    judged: Judged
    units: int
    """What is left of the key's quota, less what the recipients that were judged would use."""

    def parameters(self, number: int) -> dict[str, Any]:
        """Give the statement's parameters of the channel at a place."""
        values = {
            "key": self.key,
            "template": self.template,
            "needed": list(self.needed),
            "units": self.units,
            "key_id": self.planned.key_id,
        }
        return {f"{name}_{number}": value for name, value in values.items()}


def standings(connection: Connection, campaign: Campaign) -> list[Standing]:
    """Read how the channels of a campaign stand, in the order of its plan."""
    said = contents.load(connection, campaign.account_id, campaign.plan)
    channels = campaign.plan.channels
    asked = {"account_id": campaign.account_id, "ids": [each.key_id for each in channels]}
    keys = {row.id: row for row in connection.execute(statements.select_keys, asked)}
    return [_standing(each, said[each.channel], keys.get(each.key_id), campaign.plan.variables) for each in channels]


def judge(connection: Connection, campaign: Campaign, standing: Sequence[Standing], first: int, last: int) -> Sequence[Row[Any]]:
    """Count the recipients between two positions by what would become of each channel, and take what they use off the quotas."""
    statement = statements.judge([each.judged for each in standing])
    bounds = {"campaign_id": campaign.id, "account_id": campaign.account_id, "first": first, "last": last}
    parameters = {name: value for number, each in enumerate(standing) for name, value in each.parameters(number).items()}
    found = connection.execute(statement, {**bounds, **parameters}).all()
    for number, each in enumerate(standing):
        each.units -= sum(row.number for row in found if row[number] is None)
    return found


def _standing(planned: PlannedChannel, said: Content, key: Row[Any] | None, variables: Mapping[str, str]) -> Standing:
    judged = Judged(
        channel=planned.channel,
        tier=planned.tier,
        in_window=key is not None and _is_in_window(planned, key.settings),
        limited=key is not None and key.units is not None,
    )
    return Standing(
        planned=planned,
        content=said,
        key=_key_code(key),
        key_reason=None if key is None else key.status_reason,
        template=_content_code(planned, said),
        needed=[name for name in said.placeholders if name not in variables],
        judged=judged,
        units=key.units if key is not None and judged.limited else _ENDLESS,
    )


def _key_code(key: Row[Any] | None) -> Code | None:
    if key is None or key.status == KeyStatus.REVOKED:
        return Code.KEY_REVOKED
    if key.status == KeyStatus.SUSPENDED:
        return Code(key.status_code) if key.status_code else Code.KEY_SUSPENDED
    return None


def _content_code(planned: PlannedChannel, said: Content) -> Code | None:
    if planned.template_id is not None and said.status is None:
        return Code.TEMPLATE_NOT_FOUND
    if said.status not in {None, _APPROVED}:
        return Code.TEMPLATE_NOT_APPROVED
    if not said.active:
        return Code.TEMPLATE_INACTIVE
    return Code.CONTENT_INVALID if said.body is None else None


def _is_in_window(planned: PlannedChannel, settings: Mapping[str, Any]) -> bool:
    """Tell whether antar is to enforce the 24-hour window for what is said freely."""
    is_free = planned.template_id is None and (planned.content or {}).get("kind") != "template"
    return planned.channel is Channel.WABA and is_free and settings.get("window") == "enforce"

"""From campaigns, their recipients and their progress to what is on the wire. Times are RFC 3339 in UTC, to the millisecond."""

from dataclasses import asdict
from datetime import datetime, time
from itertools import islice
from typing import Any, Final
from uuid import UUID

from shared import ids
from shared.domain import confirmation
from shared.domain.campaigns import PlannedChannel
from shared.domain.times import rfc3339
from shared.management.campaigns.preview import Preview
from shared.management.campaigns.progress import Progress
from shared.management.campaigns.recipients import Recipient
from shared.management.campaigns.records import Campaign
from shared.management.campaigns.trial import Trial

JsonObject = dict[str, Any]

_UPCOMING: Final = 5
"""Occurrences that are told."""
_RATES: Final = ("per_second", "seconds_left")
_DIGITS: Final = 3
"""Behind the point: what is measured is no more exact than that."""


def campaign(found: Campaign) -> JsonObject:
    """Give a campaign as it was asked for, and where it stands."""
    return {
        "id": ids.encode(ids.CAMPAIGN, found.id),
        "object": "campaign",
        "name": found.name,
        "state": found.state.value,
        "state_reason": found.state_reason,
        **_plan(found),
        **_times(found),
        "parent": found.parent_id and ids.encode(ids.CAMPAIGN, found.parent_id),
        "occurs_at": _time(found.occurs_at),
        "file": None if found.source_name is None else {"name": found.source_name, "format": found.source_format},
        "rows": found.rows,
        "refused": found.refused,
        "duplicates": found.duplicates,
        **{name: _time(getattr(found, name)) for name in ("created_at", "updated_at", "started_at", "paused_at", "ended_at")},
    }


def with_progress(found: Campaign, counted: Progress) -> JsonObject:
    """Give a campaign and how far it has got."""
    return {**campaign(found), "progress": progress(counted)}


def progress(counted: Progress) -> JsonObject:
    """Give how far a campaign has got."""
    rates = {name: None if (value := getattr(counted, name)) is None else round(value, _DIGITS) for name in _RATES}
    return {**asdict(counted), "by_code": dict(counted.by_code), **rates}


def state(found: Campaign, counted: Progress) -> JsonObject:
    """Give how far a campaign has got, with its state."""
    return {
        "id": ids.encode(ids.CAMPAIGN, found.id),
        "object": "campaign_progress",
        "state": found.state.value,
        **progress(counted),
    }


def halted(found: Campaign, in_flight: int) -> JsonObject:
    """Give a campaign that was paused or cancelled, with the calls that could not be taken back."""
    return {**campaign(found), "in_flight": in_flight}


def preview(shown: Preview) -> JsonObject:
    """Give a row as its recipient would get it."""
    return {
        "row": shown.position,
        "object": "campaign_preview",
        "state": shown.state.value,
        "reason": shown.reason,
        "variables": dict(shown.values),
        "time_zone": shown.time_zone,
        "channels": [{**asdict(each), "channel": each.channel.value} for each in shown.channels],
    }


def trial(told: Trial) -> JsonObject:
    """Give what would become of a campaign."""
    channels = [{**asdict(each), "channel": each.channel.value} for each in told.channels]
    return {"object": "campaign_dry_run", **asdict(told), "channels": channels}


def recipient(row: Recipient) -> JsonObject:
    """Give a row of a campaign's file."""
    return {
        "row": row.position,
        "object": "campaign_recipient",
        "state": row.state.value,
        "targets": dict(row.targets),
        "variables": dict(row.variables),
        "time_zone": row.time_zone,
        "due_at": _time(row.due_at),
        "send": row.send_id and ids.encode(ids.SEND, row.send_id),
        "reason": row.reason,
    }


def deleted(campaign_id: UUID) -> JsonObject:
    """Say that a campaign is there no more."""
    return {"id": ids.encode(ids.CAMPAIGN, campaign_id), "object": "campaign", "deleted": True}


def _plan(found: Campaign) -> JsonObject:
    plan, mapping = found.plan, found.mapping
    columns = {"targets": dict(mapping.targets), "variables": dict(mapping.variables), "time_zone": mapping.time_zone}
    return {
        "channels": [_channel(each) for each in plan.channels],
        "variables": dict(plan.variables),
        "until": confirmation.dump(plan.until),
        "expires_in": plan.expires_in,
        "columns": columns,
    }


def _channel(each: PlannedChannel) -> JsonObject:
    return {
        "channel": each.channel.value,
        "key": ids.encode(ids.KEY, each.key_id),
        "tier": each.tier,
        "fallback": each.fallback,
        "template": each.template_id,
        "message": each.content,
    }


def _times(found: Campaign) -> JsonObject:
    return {
        "schedule_at": _time(found.schedule_at),
        "recurrence": found.recurrence and found.recurrence.rule,
        "upcoming": _upcoming(found),
        "time_zone": found.time_zone,
        "quiet_hours": _quiet(found.quiet_from, found.quiet_until),
        "rate_per_second": found.rate_per_second,
    }


def _upcoming(found: Campaign) -> list[str]:
    """Give the next times at which a campaign that has not ended recurs."""
    if found.recurrence is None or found.schedule_at is None or found.ended_at is not None:
        return []
    begins = found.schedule_at
    later = (each for each in found.recurrence.all(found.time_zone) if each >= begins)
    return [rfc3339(each) for each in islice(later, _UPCOMING)]


def _quiet(begin: time | None, end: time | None) -> JsonObject | None:
    return {"from": f"{begin:%H:%M}", "until": f"{end:%H:%M}"} if begin is not None and end is not None else None


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)

"""Campaigns: put together, filled from files, started and stopped, and told of."""

import contextlib
from collections.abc import Callable, Iterator
from uuid import UUID

from flask import Blueprint, Response, current_app, request
from sqlalchemy import Engine

from api import auth, bodies, etags, limits, lists, native, services, storing
from api.campaigns import render, schema
from api.dialects.kirim import errors
from shared import ids, queues, settings
from shared.db import engine
from shared.domain.states import SendState
from shared.management.campaigns import control, preview, progress, recipients, records, reports, resending, trial, uploading
from shared.management.campaigns.records import Campaign

blueprint = Blueprint("campaigns", __name__)
errors.register(blueprint)
limits.register(blueprint)
storing.register(blueprint)

_LIST = "/v1/campaigns"
_ONE = f"{_LIST}/<identifier>"
_STATE = "campaign_state"
"""The code of what a campaign's state does not allow."""


@blueprint.post(_LIST)
def create() -> Response:
    """Make a campaign as a draft."""
    caller = auth.manager()
    wanted = schema.new(bodies.read(), caller.account_id)
    with native.changing() as connection:
        made = records.create(connection, caller.account_id, wanted)
    return _told(made, 201)


@blueprint.get(_LIST)
def list_campaigns() -> Response:
    """Give a page of campaigns, the newest first, each with how far it has got."""
    caller = auth.manager()
    query = schema.campaigns(request.args, caller.account_id)
    with engine.get().connect() as connection:
        found = records.page(connection, caller.account_id, query.limit + 1, query.before_id, query.filters)
        counted = progress.progress(connection, [each.id for each in found])
    rendered = [(each, counted[each.id]) for each in found if each.id in counted]
    return lists.answer_found(
        rendered, query.limit, query.search, lambda each: render.with_progress(*each), lambda each: each[0].id
    )


@blueprint.get(_ONE)
def look_up(identifier: str) -> Response:
    """Give a campaign and how far it has got."""
    caller, campaign_id = auth.manager(), _read_id(identifier)
    with native.reading() as connection:
        found = records.load(connection, caller.account_id, campaign_id)
        counted = progress.progress(connection, [campaign_id])
    return _told(found, data=render.with_progress(found, counted[campaign_id]) if counted else None)


@blueprint.patch(_ONE)
def change(identifier: str) -> Response:
    """Change a campaign that does not run."""
    caller, campaign_id = auth.manager(), _read_id(identifier)
    wish = schema.changes(bodies.read(), caller.account_id)
    with native.changing(_STATE) as connection:
        campaign = records.lock(connection, caller.account_id, campaign_id)
        etags.check(render.campaign(campaign))
        changed = records.change(connection, campaign, wish.of(campaign))
    return _told(changed)


@blueprint.delete(_ONE)
def delete(identifier: str) -> Response:
    """Delete a campaign with its recipients; its sends stay."""
    caller, campaign_id = auth.manager(), _read_id(identifier)
    with native.changing(_STATE) as connection:
        campaign = records.lock(connection, caller.account_id, campaign_id)
        etags.check(render.campaign(campaign))
        records.remove(connection, campaign)
    uploading.forget(campaign)
    return lists.told(render.deleted(campaign_id))


@blueprint.put(f"{_ONE}/recipients")
def upload(identifier: str) -> Response:
    """Take the file of a campaign's recipients, which is read after the answer."""
    caller, campaign_id = auth.manager(), _read_id(identifier)
    _load(caller.account_id, campaign_id)
    name, source = schema.file(request)
    bodies.require_length()
    chunks = bodies.stream(settings.get().max_recipients_bytes)
    with native.answering(_STATE):
        begun = uploading.store(engine.get(), caller.account_id, campaign_id, name, source, chunks)
    with contextlib.suppress(*queues.BROKER_TROUBLE):
        queues.publish_import([campaign_id])
    return _told(begun, 202)


@blueprint.get(f"{_ONE}/recipients")
def list_recipients(identifier: str) -> Response:
    """Give a page of a campaign's recipients, in the order of the file."""
    caller, campaign_id = auth.manager(), _read_id(identifier)
    query, state = schema.recipients(request.args, campaign_id)
    after = query.before_number or 0
    with native.reading() as connection:
        records.load(connection, caller.account_id, campaign_id)
        found = recipients.page(connection, campaign_id, query.limit + 1, after, state)
    return lists.answer_found(found, query.limit, query.search, render.recipient, lambda each: UUID(int=each.position))


@blueprint.get(f"{_ONE}/preview")
def show(identifier: str) -> Response:
    """Give a row of the file as its recipient would get it."""
    caller, campaign_id = auth.manager(), _read_id(identifier)
    with native.reading() as connection:
        found = records.load(connection, caller.account_id, campaign_id)
        shown = preview.show(connection, found, schema.row(request.args))
    return lists.told(render.preview(shown))


@blueprint.post(f"{_ONE}/dry_run")
def dry_run(identifier: str) -> Response:
    """Tell what would become of a campaign's recipients, without sending anything."""
    caller, campaign_id = auth.manager(), _read_id(identifier)
    with native.reading() as connection:
        found = records.load(connection, caller.account_id, campaign_id)
        told = trial.run(connection, found)
    return lists.told(render.trial(told))


@blueprint.get(f"{_ONE}/progress")
def tell_progress(identifier: str) -> Response:
    """Give how far a campaign has got, by itself."""
    caller, campaign_id = auth.manager(), _read_id(identifier)
    with native.reading() as connection:
        found = records.load(connection, caller.account_id, campaign_id)
        counted = progress.progress(connection, [campaign_id])
    return lists.told(render.state(found, counted[campaign_id]))


@blueprint.post(f"{_ONE}/start")
def start(identifier: str) -> Response:
    """Start a draft, now or at its time."""
    caller, campaign_id = auth.manager(), _read_id(identifier)
    with native.changing(_STATE) as connection:
        control.start(connection, records.lock(connection, caller.account_id, campaign_id))
        started = records.load(connection, caller.account_id, campaign_id)
    return _told(started)


@blueprint.post(f"{_ONE}/pause")
def pause(identifier: str) -> Response:
    """Pause a campaign: nothing leaves any more but the calls that are under way, which are waited for."""
    caller, campaign_id = auth.manager(), _read_id(identifier)
    with native.answering(_STATE):
        halted = control.pause(engine.get(), caller.account_id, campaign_id, services.send_wait())
    return _halted(caller.account_id, campaign_id, halted)


@blueprint.post(f"{_ONE}/resume")
def resume(identifier: str) -> Response:
    """Let a paused campaign go on."""
    caller, campaign_id = auth.manager(), _read_id(identifier)
    with native.answering(_STATE):
        due = control.resume(engine.get(), caller.account_id, campaign_id)
    services.of(current_app).publisher.publish(due)
    return _as_it_stands(caller.account_id, campaign_id)


@blueprint.post(f"{_ONE}/cancel")
def cancel(identifier: str) -> Response:
    """Stop a campaign for good."""
    caller, campaign_id = auth.manager(), _read_id(identifier)
    with native.answering(_STATE):
        halted = control.cancel(engine.get(), caller.account_id, campaign_id, services.send_wait())
    return _halted(caller.account_id, campaign_id, halted)


@blueprint.post(f"{_ONE}/resend_failures")
def resend(identifier: str) -> Response:
    """Make a draft for those whom a campaign that has ended did not reach."""
    caller, campaign_id = auth.manager(), _read_id(identifier)
    wanted = schema.resending(bodies.read())
    with native.changing(_STATE) as connection:
        campaign = records.lock(connection, caller.account_id, campaign_id)
        made = resending.of_failures(connection, campaign, wanted.name, list(map(SendState, wanted.states)))
    return _told(made, 201)


@blueprint.get(f"{_ONE}/report.csv")
def report(identifier: str) -> Response:
    """Give a line for every row of the file: what became of it."""
    return _file(_load(auth.manager().account_id, _read_id(identifier)), reports.recipients, "report")


@blueprint.get(f"{_ONE}/refused.csv")
def list_refused(identifier: str) -> Response:
    """Give the rows of the file that are wrong, and why."""
    return _file(_load(auth.manager().account_id, _read_id(identifier)), reports.refused, "refused")


def _file(campaign: Campaign, parts: Callable[[Engine, Campaign], Iterator[str]], name: str) -> Response:
    """Answer with a file that is written while it is read."""
    response = Response(parts(engine.get(), campaign), mimetype="text/csv")
    response.headers["Content-Disposition"] = f"attachment; filename={ids.encode(ids.CAMPAIGN, campaign.id)}-{name}.csv"
    return response


def _read_id(identifier: str) -> UUID:
    return native.identified(ids.CAMPAIGN, identifier, "there is no such campaign")


def _load(account_id: UUID, campaign_id: UUID) -> Campaign:
    with native.reading() as connection:
        return records.load(connection, account_id, campaign_id)


def _as_it_stands(account_id: UUID, campaign_id: UUID) -> Response:
    return _told(_load(account_id, campaign_id))


def _halted(account_id: UUID, campaign_id: UUID, halted: control.Halted) -> Response:
    return lists.told(render.halted(_load(account_id, campaign_id), halted.in_flight))


def _told(campaign: Campaign, status: int = 200, data: render.JsonObject | None = None) -> Response:
    """Answer with a campaign; its version is that of what was decided and of its state, not of how far it has got."""
    plain = render.campaign(campaign)
    response = lists.told(data or plain, status)
    response.set_etag(etags.of(plain))
    return response

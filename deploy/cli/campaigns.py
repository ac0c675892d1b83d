"""``antar campaign``: one message to the many recipients of a file. What is asked and told is as the API has it."""

import contextlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Final
from uuid import UUID

import click

from api.campaigns import render, schema
from api.errors import ApiError
from deploy.cli import arguments, output
from deploy.cli.failures import WrongInput
from shared import ids, queues
from shared.db import engine
from shared.domain.campaigns import OPEN_RECIPIENTS, CampaignState
from shared.domain.states import SendState
from shared.management import accounts
from shared.management.campaigns import control, preview, progress, records, resending, trial, uploading
from shared.management.campaigns.records import Campaign, Filters

campaign_id = click.argument("campaign_id", metavar="ID", type=arguments.Identifier(ids.CAMPAIGN))
_SENT: Final = dict.fromkeys(map(str, OPEN_RECIPIENTS), "would be sent")
"""What becomes of a row that nothing stops, by its state; one that is a duplicate, or a send already, is told to be that."""
_wait = click.option("--wait", type=click.FloatRange(0, 300), default=30.0, show_default=True, help="Seconds for calls under way.")


@click.group()
def campaign() -> None:
    """Send one message to the many recipients of a file."""


@campaign.command("create")
@arguments.account
@click.argument("body", type=click.File("rb"))
@click.option("--name", help="Instead of the name in BODY.")
@click.option("--at", "schedule", help="When it starts, or begins to recur: ISO 8601 or unix seconds.")
@click.option("--recurrence", help="A rule of RFC 5545, as FREQ=WEEKLY;BYDAY=MO.")
@click.option("--rate", "rate_per_second", type=float, help="Recipients a second at the most.")
@output.json_option
def create(account: str, body: IO[bytes], *, as_json: bool, **options: Any) -> None:
    """Make a campaign of ACCOUNT as a draft.

    BODY is a JSON file as POST /v1/campaigns takes it; - is stdin. Options stand in for its fields.
    """
    document = arguments.read_json(body, "body")
    given = {name: value for name, value in options.items() if value is not None}
    with engine.get().begin() as connection, _answered():
        owner = accounts.find(connection, account)
        wanted = schema.new(json.dumps({**document, **given}).encode(), owner.id)
        made = records.create(connection, owner.id, wanted)
    emit(made, as_json=as_json)


@campaign.command("change")
@campaign_id
@click.argument("body", type=click.File("rb"))
@output.json_option
def change(campaign_id: UUID, body: IO[bytes], *, as_json: bool) -> None:
    """Change a campaign that does not run; BODY is a JSON file as PATCH /v1/campaigns/ID takes it."""
    document = arguments.read_json(body, "body")
    with engine.get().begin() as connection, _answered():
        standing = records.lock(connection, None, campaign_id)
        changes = schema.changes(json.dumps(document).encode(), standing.account_id)
        changed = records.change(connection, standing, changes.of(standing))
    emit(changed, as_json=as_json)


@campaign.command("list")
@click.option("--account", help="Only those of this account, by its name or id.")
@click.option("--state", type=click.Choice([each.value for each in CampaignState]), help="Only those in this state.")
@click.option("--name", help="Only those whose names contain this.")
@arguments.limit
@output.json_option
def list_campaigns(account: str | None, state: str | None, name: str | None, limit: int, *, as_json: bool) -> None:
    """List campaigns, the newest first."""
    filters = Filters(state=None if state is None else CampaignState(state), name=name)
    with engine.get().connect() as connection:
        owner = None if account is None else accounts.find(connection, account).id
        found = records.page(connection, owner, limit, filters=filters)
        counted = progress.progress(connection, [each.id for each in found])
    told = [{**render.with_progress(each, counted[each.id]), "account": _account(each)} for each in found if each.id in counted]
    output.emit(told if as_json else list(map(_row, told)), as_json=as_json)


@campaign.command("show")
@campaign_id
@output.json_option
def show(campaign_id: UUID, *, as_json: bool) -> None:
    """Show a campaign."""
    with engine.get().connect() as connection:
        found = records.load(connection, None, campaign_id)
    emit(found, as_json=as_json)


@campaign.command("dry-run")
@campaign_id
@output.json_option
def dry_run(campaign_id: UUID, *, as_json: bool) -> None:
    """Tell what would become of the recipients, without sending anything."""
    with engine.get().connect() as connection:
        told = trial.run(connection, records.load(connection, None, campaign_id))
    output.emit(render.trial(told), as_json=as_json, show=_show_trial)


@campaign.command("preview")
@campaign_id
@click.argument("row", type=click.IntRange(min=1))
@output.json_option
def show_row(campaign_id: UUID, row: int, *, as_json: bool) -> None:
    """Show a ROW of the file as its recipient would get it."""
    with engine.get().connect() as connection:
        shown = preview.show(connection, records.load(connection, None, campaign_id), row)
    output.emit(render.preview(shown), as_json=as_json, show=_show_preview)


@campaign.command("start")
@campaign_id
@output.json_option
def start(campaign_id: UUID, *, as_json: bool) -> None:
    """Start a draft: at once, or at its time."""
    with engine.get().begin() as connection:
        control.start(connection, records.lock(connection, None, campaign_id))
        started = records.load(connection, None, campaign_id)
    emit(started, as_json=as_json)


@campaign.command("pause")
@campaign_id
@_wait
@output.json_option
def pause(campaign_id: UUID, wait: float, *, as_json: bool) -> None:
    """Pause a campaign, and wait for the calls that are under way."""
    _halted(campaign_id, control.pause(engine.get(), None, campaign_id, wait), as_json=as_json)


@campaign.command("resume")
@campaign_id
@output.json_option
def resume(campaign_id: UUID, *, as_json: bool) -> None:
    """Let a paused campaign go on with the recipient whose turn it was."""
    due = control.resume(engine.get(), None, campaign_id)
    with contextlib.suppress(*queues.BROKER_TROUBLE):
        queues.publish_due(due)
    emit(_load(campaign_id), as_json=as_json)


@campaign.command("cancel")
@campaign_id
@_wait
@output.json_option
def cancel(campaign_id: UUID, wait: float, *, as_json: bool) -> None:
    """Stop a campaign for good."""
    _halted(campaign_id, control.cancel(engine.get(), None, campaign_id, wait), as_json=as_json)


@campaign.command("resend-failures")
@campaign_id
@click.option("--name", help="What the new campaign is called; otherwise after the first.")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(sorted(each.value for each in resending.RESENDABLE)),
    default=[SendState.FAILED.value],
    show_default=True,
    help="How their sends have ended; may be given several times.",
)
@output.json_option
def resend(campaign_id: UUID, name: str | None, states: tuple[str, ...], *, as_json: bool) -> None:
    """Make a draft for those whom a campaign that has ended did not reach."""
    with engine.get().begin() as connection:
        ended = records.lock(connection, None, campaign_id)
        made = resending.of_failures(connection, ended, name, [SendState(each) for each in states])
    emit(made, as_json=as_json)


@campaign.command("delete")
@campaign_id
@output.json_option
def delete(campaign_id: UUID, *, as_json: bool) -> None:
    """Delete a campaign that does not run, with its recipients; its sends stay."""
    with engine.get().begin() as connection:
        standing = records.lock(connection, None, campaign_id)
        records.remove(connection, standing)
    uploading.forget(standing)
    output.emit(render.deleted(campaign_id), as_json=as_json)


def emit(found: Campaign, *, as_json: bool, **more: Any) -> None:
    """Tell of a campaign."""
    output.emit({**render.campaign(found), **more}, as_json=as_json, show=_show)


def _load(campaign_id: UUID) -> Campaign:
    with engine.get().connect() as connection:
        return records.load(connection, None, campaign_id)


def _halted(campaign_id: UUID, halted: control.Halted, *, as_json: bool) -> None:
    emit(_load(campaign_id), as_json=as_json, in_flight=halted.in_flight)


@contextmanager
def _answered() -> Iterator[None]:
    """Say in a line what the API would answer."""
    try:
        yield
    except ApiError as error:
        raise WrongInput(error.message) from error


def _row(told: render.JsonObject) -> output.Document:
    counted = {name: told["progress"][name] for name in ("recipients", "pending", "in_flight", "sent", "failed")}
    return {**{name: told[name] for name in ("id", "account", "name", "state")}, **counted, "created_at": told["created_at"]}


def _account(found: records.Campaign) -> str:
    return ids.encode(ids.ACCOUNT, found.account_id)


def _show(told: render.JsonObject) -> None:
    hidden = {"object", "channels", "columns", "variables", "upcoming", "file", "quiet_hours", "until"}
    hours, upcoming = told["quiet_hours"], told["upcoming"]
    summed_up = {
        "channels": ", ".join(each["channel"] for each in told["channels"]),
        "file": told["file"] and told["file"]["name"],
        "quiet_hours": hours and f"{hours['from']} to {hours['until']}",
        "upcoming": ", ".join(upcoming) or None,
    }
    output.lines({**{name: value for name, value in told.items() if name not in hidden}, **summed_up})


def _show_trial(told: render.JsonObject) -> None:
    output.lines({name: told[name] for name in ("rows", "refused", "duplicates", "recipients", "sent", "skipped")})
    output.table([{**each, "stopped": _counted(each["stopped"])} for each in told["channels"]], "Channels")
    if told["refusals"]:
        click.echo(f"refused: {_counted(told['refusals'])}")


def _show_preview(told: render.JsonObject) -> None:
    output.lines({name: told[name] for name in ("row", "state", "reason", "time_zone")})
    for each in told["channels"]:
        said = each["code"] or _SENT.get(told["state"], told["state"])
        click.echo(f"\n{each['channel']} to {output.cell(each['target'])}: {said}")
        click.echo(json.dumps(each["content"], ensure_ascii=False, indent=2))


def _counted(numbers: dict[str, int]) -> str:
    return ", ".join(f"{name}: {number}" for name, number in numbers.items())

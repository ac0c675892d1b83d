"""``antar campaign progress`` and ``watch``: how far a campaign has got."""

import time
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from api.campaigns import render
from deploy.cli import output
from deploy.cli.campaigns import campaign_id
from shared.db import engine
from shared.domain.campaigns import CampaignState
from shared.management.campaigns import progress, records

_UNDER_WAY: Final = frozenset({CampaignState.IMPORTING, CampaignState.SCHEDULED, CampaignState.RUNNING, CampaignState.PAUSED})
_SHOWN: Final = ("pending", "deferred", "in_flight", "sent", "failed", "unknown", "cancelled", "expired")
_ENDED: Final = _SHOWN[3:]


@click.command("progress")
@campaign_id
@output.json_option
def tell(campaign_id: UUID, *, as_json: bool) -> None:
    """Tell how far a campaign has got."""
    _emit(_look(campaign_id), as_json=as_json)


@click.command("watch")
@campaign_id
@click.option("--every", type=click.FloatRange(0.1, 3600), default=1.0, show_default=True, help="Seconds between two looks.")
@output.json_option
def watch(campaign_id: UUID, every: float, *, as_json: bool) -> None:
    """Watch a campaign until it has ended, and tell how it ended. A draft is not waited for."""
    told = _look(campaign_id)
    with _bar() as bar:
        task = bar.add_task("", total=None, said="")
        while told["state"] in _UNDER_WAY:
            _draw(bar, task, told)
            time.sleep(every)
            told = _look(campaign_id)
    _emit(told, as_json=as_json)


def _look(campaign_id: UUID) -> render.JsonObject:
    with engine.get().connect() as connection:
        found = records.load(connection, None, campaign_id)
        counted = progress.progress(connection, [campaign_id])
    return render.state(found, counted[campaign_id])


def _emit(told: render.JsonObject, *, as_json: bool) -> None:
    output.emit(told if as_json else _summed_up(told), as_json=as_json)


def _summed_up(told: render.JsonObject) -> output.Document:
    codes = ", ".join(f"{code}: {number}" for code, number in told["by_code"].items())
    hidden = {"object", "by_code", "per_second", "seconds_left"}
    return {**{name: value for name, value in told.items() if name not in hidden}, "codes": codes or None, **_pace(told)}


def _pace(told: render.JsonObject) -> dict[str, Any]:
    rate, left = told["per_second"], told["seconds_left"]
    return {"per_second": rate and round(rate, 1), "left": left if left is None else str(timedelta(seconds=round(left)))}


def _bar() -> Progress:
    """Make a bar on stderr, so that what is printed in the end can be read by a program."""
    return Progress(BarColumn(), TextColumn("{task.fields[said]}"), console=Console(stderr=True), transient=True)


def _draw(bar: Progress, task: TaskID, told: render.JsonObject) -> None:
    counts = [f"{told[name]} {name.replace('_', ' ')}" for name in _SHOWN if told[name]]
    pace = _pace(told)
    rate = [f"{pace['per_second']}/s"] if pace["per_second"] else []
    left = [f"{pace['left']} left"] if pace["left"] else []
    completed = sum(told[name] for name in _ENDED)
    bar.update(task, total=told["recipients"] or None, completed=completed, said=", ".join([told["state"], *counts, *rate, *left]))


COMMANDS: Final = (tell, watch)

"""``antar why``: what became of one send, and why. ``antar send``: cancelling and moving one that waits for its time."""

import contextlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import click

from api.sends import render
from deploy.cli import acting, arguments, output
from shared import queues
from shared.db import engine
from shared.domain.outcome import Code
from shared.management import schedule, sends
from shared.management.errors import Invalid, NotFound


@click.command()
@click.argument("send_id", metavar="ID", type=arguments.SendIdentifier())
@output.json_option
def why(send_id: UUID, *, as_json: bool) -> None:
    """Tell what became of a send: its tiers, every attempt, and when what happened.

    ID is a send's (snd_...) or that of one of its deliveries (dlv_...).
    """
    _tell(send_id, as_json=as_json)


@click.group()
def send() -> None:
    """Cancel or move sends that wait for their time."""


@send.command()
@click.argument("send_id", metavar="ID", type=arguments.SendIdentifier())
@output.json_option
def cancel(send_id: UUID, *, as_json: bool) -> None:
    """Cancel a send that waits for its time; nothing of it is sent."""
    with engine.get().begin() as connection:
        schedule.cancel(connection, schedule.lock(connection, send_id), acting.operator())
    _tell(send_id, as_json=as_json)


@send.command()
@click.argument("send_id", metavar="ID", type=arguments.SendIdentifier())
@click.option("--at", "schedule_at", type=arguments.Moment(), required=True, help="ISO 8601 (UTC unless it says) or unix seconds.")
@output.json_option
def move(send_id: UUID, schedule_at: datetime, *, as_json: bool) -> None:
    """Give a send that waits for its time another one."""
    with engine.get().begin() as connection:
        standing = schedule.lock(connection, send_id)
        schedule.require_waiting(standing)
        _require_possible(standing, schedule_at)
        due = schedule.move(connection, standing, schedule.Change(schedule_at=schedule_at), acting.operator())
    with contextlib.suppress(*queues.BROKER_TROUBLE):
        queues.publish_due(due)
    _tell(send_id, as_json=as_json)


def _require_possible(standing: schedule.Standing, schedule_at: datetime) -> None:
    if schedule_at <= standing.now:
        raise Invalid("--at", "is in the past")
    if standing.expires_at is not None and standing.expires_at <= schedule_at:
        raise Invalid("--at", "is not before the send expires")


def _tell(send_id: UUID, *, as_json: bool) -> None:
    with engine.get().connect() as connection:
        history = sends.load_history(connection, send_id)
    if history is None:
        raise NotFound("there is no such send")
    output.emit(render.story(history), as_json=as_json, show=_show)


def _show(story: render.JsonObject) -> None:
    output.lines({name: value for name, value in story.items() if name not in {"object", "tiers", "timeline"}})
    click.echo()
    output.table(list(_deliveries(story)), "Deliveries")
    for hint in _hints(story):
        click.echo(f"\n{hint}")
    attempts = list(_attempts(story))
    if attempts:
        click.echo()
        output.table(attempts, "Attempts")
    click.echo("\nTimeline")
    for entry in story["timeline"]:
        click.echo(f"{entry['at']}  {output.cell(entry['text'])}")


def _hints(story: render.JsonObject) -> Iterator[str]:
    """Say what can be done about deliveries that need somebody."""
    for delivery in (delivery for tier in story["tiers"] for delivery in tier["deliveries"]):
        if delivery["held"]:
            yield f"{delivery['id']} is held: antar held release|fail|confirm {delivery['id']}"
        if delivery["code"] == Code.INTERNAL_ERROR:
            yield f"{delivery['id']} met a fault of antar's own: antar quarantine show {delivery['id']}"


def _deliveries(story: render.JsonObject) -> Iterator[output.Document]:
    for tier in story["tiers"]:
        for delivery in tier["deliveries"]:
            yield {"tier": f"{tier['tier']} {tier['state']}", **_delivery(delivery)}


def _delivery(delivery: dict[str, Any]) -> output.Document:
    return {
        "channel": delivery["channel"],
        "state": delivery["state"],
        "code": delivery["code"],
        "reason": delivery["reason"],
        "target": delivery["target"],
        "template": delivery["template"],
        "ms": delivery["processing_ms"],
        "receipt": delivery["receipt"],
        "id": delivery["id"],
    }


def _attempts(story: render.JsonObject) -> Iterator[output.Document]:
    for tier in story["tiers"]:
        for delivery in tier["deliveries"]:
            for attempt in delivery["attempts"]:
                yield {"channel": delivery["channel"], **attempt}

"""``antar why``: what became of one send, and why."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import click

from api.sends import render
from deploy.cli import arguments, output
from shared.db import engine
from shared.management import sends
from shared.management.errors import NotFound


@click.command()
@click.argument("send_id", metavar="ID", type=arguments.SendIdentifier())
@output.json_option
def why(send_id: UUID, *, as_json: bool) -> None:
    """Tell what became of a send: its tiers, every attempt, and when what happened.

    ID is a send's (snd_...) or that of one of its deliveries (dlv_...).
    """
    with engine.get().connect() as connection:
        history = sends.load_history(connection, send_id)
    if history is None:
        raise NotFound("there is no such send")
    output.emit(render.story(history), as_json=as_json, show=_show)


def _show(story: render.JsonObject) -> None:
    output.lines({name: value for name, value in story.items() if name not in {"object", "tiers", "timeline"}})
    click.echo()
    output.table(list(_deliveries(story)), "Deliveries")
    attempts = list(_attempts(story))
    if attempts:
        click.echo()
        output.table(attempts, "Attempts")
    click.echo("\nTimeline")
    for entry in story["timeline"]:
        click.echo(f"{entry['at']}  {output.cell(entry['text'])}")


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

"""``antar why``: what became of one send, and why. ``antar send``: cancelling and moving one that waits for its time."""

import contextlib
from datetime import datetime
from uuid import UUID

import click

from deploy.cli import acting, arguments, output, story
from shared import queues
from shared.db import engine
from shared.management import lookup, schedule
from shared.management.errors import Invalid


@click.command()
@click.argument("identifier", metavar="ID")
@output.json_option
def why(identifier: str, *, as_json: bool) -> None:
    """Tell what became of a send: its tiers, every attempt, what is to come, and when what happened.

    ID is a send's (snd_...) or whatever else a customer or a log names it by: its delivery (dlv_...), its message (msg_..., or the
    number that the Kanal dialect answers), the request that made it (req_...), a webhook that told of it (wbd_...), or what its
    provider calls it.
    """
    with engine.get().connect() as connection:
        send_id = lookup.find(connection, identifier)
    story.tell(send_id, as_json=as_json)


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
    story.tell(send_id, as_json=as_json)


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
    story.tell(send_id, as_json=as_json)


def _require_possible(standing: schedule.Standing, schedule_at: datetime) -> None:
    if schedule_at <= standing.now:
        raise Invalid("--at", "is in the past")
    if standing.expires_at is not None and standing.expires_at <= schedule_at:
        raise Invalid("--at", "is not before the send expires")

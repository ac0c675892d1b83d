"""``antar quarantine``: deliveries that antar's own code failed at."""

from collections.abc import Sequence
from uuid import UUID

import click
from sqlalchemy import Connection

from deploy.cli import acting, arguments, output
from shared import ids, queues
from shared.db import engine
from shared.domain.due import Due
from shared.domain.times import rfc3339
from shared.management import quarantine as management
from shared.management.quarantine import Entry, Filters

_delivery = arguments.Identifier(ids.DELIVERY)
_error = click.option("--error", metavar="KIND", help="Only of this kind of error, whatever it was raised from: KeyError.")


@click.group()
def quarantine() -> None:
    """See what antar's own code failed at, and send it once that is mended, or not at all."""


@quarantine.command("list")
@_error
@click.option("--replayed", is_flag=True, help="Also those that were replayed.")
@arguments.limit
@click.option("--before", type=_delivery, help="The last one of the list before.")
@output.json_option
def list_entries(error: str | None, limit: int, before: UUID | None, *, replayed: bool, as_json: bool) -> None:
    """List deliveries in quarantine, the newest first."""
    with engine.get().connect() as connection:
        found = management.every(connection, Filters(error=error, replayed=replayed), limit, before)
    output.emit([_document(each) for each in found], as_json=as_json)


@quarantine.command()
@click.argument("delivery_id", metavar="DLV_ID", type=_delivery)
@output.json_option
def show(delivery_id: UUID, *, as_json: bool) -> None:
    """Show what went wrong with a delivery, and where in the code."""
    with engine.get().connect() as connection:
        entry = management.find(connection, delivery_id)
    output.emit({**_document(entry), "trace": entry.trace}, as_json=as_json, show=_show)


@quarantine.command()
@click.argument("delivery_ids", metavar="[DLV_ID...]", type=_delivery, nargs=-1)
@_error
@click.option("--all", "everything", is_flag=True, help="All that is in quarantine.")
@click.option("--even-if-sent", is_flag=True, help="Also what may have been sent: recipients may get it twice.")
@output.json_option
def replay(delivery_ids: tuple[UUID, ...], error: str | None, *, everything: bool, even_if_sent: bool, as_json: bool) -> None:
    """Send deliveries after all: those named, those of a kind of error, or all.

    Refused where the send was sent by another channel or has expired, where a later tier is being tried, and, without
    --even-if-sent, where the message may have left.
    """

    def act(connection: Connection, delivery_id: UUID) -> Due:
        return management.replay(connection, delivery_id, acting.operator(), even_if_sent=even_if_sent)

    acting.on_each(_chosen(delivery_ids, error, everything=everything), act, queues.publish_due, as_json=as_json)


@quarantine.command()
@click.argument("delivery_ids", metavar="[DLV_ID...]", type=_delivery, nargs=-1)
@_error
@click.option("--all", "everything", is_flag=True, help="All that is in quarantine.")
@output.json_option
def dismiss(delivery_ids: tuple[UUID, ...], error: str | None, *, everything: bool, as_json: bool) -> None:
    """Take deliveries out of quarantine that are not to be sent any more: they stay as they ended."""

    def act(connection: Connection, delivery_id: UUID) -> None:
        management.dismiss(connection, delivery_id, acting.operator())

    acting.on_each(_chosen(delivery_ids, error, everything=everything), act, _publish_nothing, as_json=as_json)


def _publish_nothing(_dismissed: Sequence[None]) -> None:
    pass


def _chosen(delivery_ids: Sequence[UUID], error: str | None, *, everything: bool) -> Sequence[UUID]:
    if [bool(delivery_ids), error is not None, everything].count(True) != 1:
        raise click.UsageError("name deliveries, or a kind by --error, or --all")
    if delivery_ids:
        return delivery_ids
    with engine.get().connect() as connection:
        return management.replayable(connection, Filters(error=error))


def _document(entry: Entry) -> output.Document:
    return {
        "id": ids.encode(ids.DELIVERY, entry.delivery_id),
        "send": ids.encode(ids.SEND, entry.send_id),
        "account": ids.encode(ids.ACCOUNT, entry.account_id),
        "channel": entry.channel,
        "at": rfc3339(entry.at),
        "step": entry.step,
        "error": entry.error,
        "delivery_state": entry.delivery_state,
        "send_state": entry.send_state,
        "replayed_at": None if entry.replayed_at is None else rfc3339(entry.replayed_at),
    }


def _show(document: output.Document) -> None:
    output.lines({name: value for name, value in document.items() if name != "trace"})
    click.echo()
    for line in str(document["trace"]).splitlines():
        click.echo(output.cell(line))

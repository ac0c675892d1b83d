"""``antar held``: deliveries of which nobody knows whether they were sent, and whose key wants a person to decide."""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

import click
from sqlalchemy import Connection

from deploy.cli import acting, arguments, output
from deploy.cli.failures import Failure, WrongInput
from shared import ids, queues
from shared.db import engine
from shared.domain.due import Due
from shared.domain.times import rfc3339
from shared.management import accounts, restoring
from shared.management import held as management
from shared.management.held import Held

_deliveries = click.argument("delivery_ids", metavar="DLV_ID...", type=arguments.Identifier(ids.DELIVERY), nargs=-1, required=True)
_PATIENCE: Final = 2
"""Seconds for workers to answer."""


@click.group()
def held() -> None:
    """Decide on deliveries that may or may not have been sent."""


@held.command("list")
@click.argument("account", metavar="[ACCOUNT]", required=False)
@arguments.limit
@click.option("--after", type=arguments.Identifier(ids.DELIVERY), help="The last one of the list before.")
@output.json_option
def list_held(account: str | None, limit: int, after: UUID | None, *, as_json: bool) -> None:
    """List held deliveries, of ACCOUNT or of all; those of the oldest sends come first."""
    with engine.get().connect() as connection:
        account_id = None if account is None else accounts.find(connection, account).id
        found = management.every(connection, account_id, after, limit)
    output.emit([_document(each) for each in found], as_json=as_json)


@held.command()
@_deliveries
@output.json_option
def release(delivery_ids: tuple[UUID, ...], *, as_json: bool) -> None:
    """Try deliveries again, at the risk that they are sent twice."""

    def act(connection: Connection, delivery_id: UUID) -> Due:
        return management.release(connection, delivery_id, None, acting.operator())

    acting.on_each(delivery_ids, act, queues.publish_due, as_json=as_json)


@held.command()
@_deliveries
@output.json_option
def fail(delivery_ids: tuple[UUID, ...], *, as_json: bool) -> None:
    """Count deliveries as not sent, so that the next tier opens."""
    _settle(management.fail, delivery_ids, as_json=as_json)


@held.command()
@_deliveries
@output.json_option
def confirm(delivery_ids: tuple[UUID, ...], *, as_json: bool) -> None:
    """Count deliveries as sent: somebody knows that they arrived."""
    _settle(management.confirm, delivery_ids, as_json=as_json)


@held.command("after-restore")
@click.argument("lost_at", metavar="TIME", type=arguments.Moment())
@output.json_option
def after_restore(lost_at: datetime, *, as_json: bool) -> None:
    """Hold whatever the restored database would send a second time.

    TIME is when the lost database was last written to: ISO 8601 (UTC unless it says) or unix seconds. What was due by then is
    held, and campaigns that ran are paused. Stop all workers first.
    """
    _require_no_workers()
    done = restoring.hold(engine.create_patient(), lost_at)
    campaigns = [ids.encode(ids.CAMPAIGN, each) for each in done.campaigns]
    output.emit({"held": done.deliveries, "no_longer_awaited": done.awaited, "paused_campaigns": campaigns}, as_json=as_json)


def _require_no_workers() -> None:
    """See that nobody is sending. Raises :class:`Failure` when the broker, by which workers are asked, is away."""
    try:
        names = sorted(queues.workers(_PATIENCE))
    except queues.BROKER_TROUBLE as error:
        raise Failure(f"the broker is away, so that nobody knows whether workers are running: {error}") from error
    if names:
        raise WrongInput(f"workers are running, and may be sending already: stop {', '.join(names)} first")


def _settle(
    decision: Callable[[Connection, UUID, UUID | None, str], UUID], delivery_ids: tuple[UUID, ...], *, as_json: bool
) -> None:
    def act(connection: Connection, delivery_id: UUID) -> UUID:
        return decision(connection, delivery_id, None, acting.operator())

    acting.on_each(delivery_ids, act, queues.publish_settle, as_json=as_json)


def _document(found: Held) -> output.Document:
    delivery = found.delivery
    return {
        "id": ids.encode(ids.DELIVERY, delivery.id),
        "send": ids.encode(ids.SEND, found.send_id),
        "account": ids.encode(ids.ACCOUNT, found.account_id),
        "channel": delivery.channel.value,
        "target": delivery.target,
        "code": delivery.code,
        "reason": delivery.reason,
        "since": None if delivery.ended_at is None else rfc3339(delivery.ended_at),
    }

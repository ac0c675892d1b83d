"""``antar stats``: how many deliveries have ended, and how."""

from datetime import datetime
from typing import Any
from uuid import UUID

import click

from api.stats import render
from deploy.cli import arguments, output
from shared import ids
from shared.db import clock, engine
from shared.domain.channels import Channel
from shared.domain.outcome import Code
from shared.domain.states import COUNTED, DeliveryState
from shared.management import accounts, statistics
from shared.management.errors import Invalid
from shared.management.statistics import Dimension, Filters


@click.command()
@click.argument("account", metavar="[ACCOUNT]", required=False)
@click.option("--from", "since", type=arguments.Moment(), help="The first hour; a day before the last one when it is not said.")
@click.option("--until", type=arguments.Moment(), help="The last hour; this one when it is not said.")
@click.option("--by", "group_by", metavar="LIST", help=f"What to tell apart, comma-separated: {', '.join(Dimension)}.")
@click.option("--channel", type=click.Choice([each.value for each in Channel]))
@click.option("--key", "key_id", type=arguments.Identifier(ids.KEY))
@click.option("--template", "template_id", type=click.INT)
@click.option("--campaign", "campaign_id", type=arguments.Identifier(ids.CAMPAIGN))
@click.option("--state", type=click.Choice([each.value for each in COUNTED]))
@click.option("--code", type=click.Choice([each.value for each in Code]), metavar="CODE")
@output.json_option
def stats(
    account: str | None, since: datetime | None, until: datetime | None, group_by: str | None, *, as_json: bool, **asked: Any
) -> None:
    """Count the deliveries of ACCOUNT that have ended, or of all accounts."""
    within = statistics.period(since, until, clock.now())
    dimensions = _dimensions(group_by or "state,code")
    with engine.get().connect() as connection:
        account_id = accounts.find(connection, account).id if account else None
        counts = statistics.count(connection, within, _filters(account_id, **asked), dimensions)
    output.emit(render.stats(within, counts), as_json=as_json, show=_show)


def _filters(account_id: UUID | None, channel: str | None, state: str | None, code: str | None, **same: Any) -> Filters:
    return Filters(
        account_id=account_id,
        channel=Channel(channel) if channel else None,
        state=DeliveryState(state) if state else None,
        code=Code(code) if code else None,
        **same,
    )


def _dimensions(text: str) -> tuple[Dimension, ...]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if any(name not in tuple(Dimension) for name in names):
        raise Invalid("--by", f"must be a comma-separated list of {', '.join(Dimension)}")
    return tuple(Dimension(name) for name in dict.fromkeys(names))


def _show(document: render.JsonObject) -> None:
    output.lines({"from": document["from"], "until": document["until"], **document["totals"]})
    if document["rows"]:
        click.echo()
        output.table(document["rows"])

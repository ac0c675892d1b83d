"""Acting on many deliveries, one after the other: what cannot be done with one of them does not keep the others."""

import contextlib
import getpass
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar
from uuid import UUID

import click
from sqlalchemy import Connection

from deploy.cli import output
from shared import ids, queues
from shared.db import engine
from shared.management.errors import ManagementError

_Following = TypeVar("_Following")

_REFUSED: Final = 2


def operator() -> str:
    """Name who acts, for the timeline."""
    return f"operator {getpass.getuser()}"


def on_each(
    delivery_ids: Iterable[UUID],
    act: Callable[[Connection, UUID], _Following],
    publish: Callable[[Sequence[_Following]], None],
    *,
    as_json: bool,
) -> None:
    """Do something with deliveries, each in its own transaction, publish what follows, and tell what became of each.

    Ends with exit status 2 when one of them was refused.
    """
    followings: list[_Following] = []
    refusals: dict[UUID, str] = {}
    asked = list(dict.fromkeys(delivery_ids))
    for delivery_id in asked:
        try:
            with engine.get().begin() as connection:
                followings.append(act(connection, delivery_id))
        except ManagementError as error:
            refusals[delivery_id] = str(error)
    if followings:
        with contextlib.suppress(*queues.BROKER_TROUBLE):
            publish(followings)
    output.emit([_document(each, refusals.get(each)) for each in asked], as_json=as_json)
    if refusals:
        click.get_current_context().exit(_REFUSED)


def _document(delivery_id: UUID, refusal: str | None) -> output.Document:
    return {
        "id": ids.encode(ids.DELIVERY, delivery_id),
        "send": ids.encode(ids.SEND, ids.send_of(delivery_id)),
        "done": refusal is None,
        "problem": refusal,
    }

"""``antar top``: what waits, what leaves and what fails, looked at again and again."""

import contextlib
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

import click
from rich.console import Console
from rich.live import Live

from deploy.cli import failures, output, top_document, top_view
from deploy.cli.top_document import Document, Known, Look
from shared import queues, settings
from shared.db import engine
from shared.domain import pace
from shared.domain.pace import Reading
from shared.management import accounts, backlogs, overview

_PIPE: Final = 120
"""Columns of what is no terminal."""


@click.command()
@click.argument("account", metavar="[ACCOUNT]", required=False)
@click.option("--every", type=click.FloatRange(0.2, 3600), default=2.0, show_default=True, help="Seconds between two looks.")
@click.option("--once", is_flag=True, help="Print one picture, with the rates of those seconds, and end.")
@output.json_option
def top(account: str | None, every: float, *, once: bool, as_json: bool) -> None:
    """Watch queues, rates, failures, suspended keys and campaigns; those of ACCOUNT where one is named. Ctrl-C ends it.

    Rates are averages since the first look, of a minute at the most. Queues and the first lines are about all accounts. Where the
    output is no terminal, one picture is printed.
    """
    watch = _Watch(account=account)
    with contextlib.suppress(KeyboardInterrupt):
        if once or as_json or not sys.stdout.isatty():
            _print(watch, every, as_json=as_json)
        else:
            _live(watch, every)


@dataclass(kw_only=True)
class _Watch:
    """What was seen so far."""

    account: str | None
    readings: list[Reading] = field(default_factory=list)

    def document(self) -> Document:
        """Look once more. Raises :class:`shared.management.errors.NotFound` when there is no such account."""
        look = _look(self.account)
        now = look.known.overview.reading if look.known else None
        if now:
            self.readings = pace.recent(self.readings, now)
        told = top_document.document(look, top_document.oldest(self.readings), settings.get().most_waiting, self.account)
        if now:
            self.readings.append(now)
        return told


def _look(account: str | None) -> Look:
    troubles: dict[str, str] = {}
    known = tasks = None
    try:
        known = _known(account)
    except failures.EXPECTED as error:
        troubles["postgres"] = failures.explain(error)
    try:
        tasks = queues.depths()
    except queues.BROKER_TROUBLE as error:
        troubles["broker"] = str(error)
    return Look(known=known, tasks=tasks, troubles=troubles)


def _known(account: str | None) -> Known:
    database = engine.get()
    account_id = None
    if account:
        with database.connect() as connection:
            account_id = accounts.find(connection, account).id
    seen = overview.look(database, account_id, settings.get().most_waiting)
    return Known(backlogs=backlogs.look(database), overview=seen)


def _print(watch: _Watch, every: float, *, as_json: bool) -> None:
    watch.document()
    time.sleep(every)
    told = watch.document()
    if as_json:
        output.emit(told, as_json=True)
    else:
        console = Console() if sys.stdout.isatty() else Console(width=_PIPE)
        console.print(top_view.picture(told, console.width, None))


def _live(watch: _Watch, every: float) -> None:
    """Draw on a screen of its own, which gives the terminal back as it was, however this ends."""
    console = Console(highlight=False)
    with _ended_in_order(), Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            told = watch.document()
            live.update(top_view.picture(told, console.width, console.height), refresh=True)
            time.sleep(every)


@contextlib.contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let SIGTERM end this as Ctrl-C does."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

"""The files of ``antar campaign``: recipients that are read, and reports that are written."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Final
from uuid import UUID

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import Engine

from api.campaigns import render
from deploy.cli import output
from deploy.cli.campaigns import campaign_id
from shared import storage
from shared.db import engine
from shared.management.campaigns import importing, readers, records, reports, uploading
from shared.management.campaigns.readers import Format
from shared.management.campaigns.records import Campaign
from shared.management.errors import Invalid

_STEP: Final = 256 * 1024


@click.command("import")
@campaign_id
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--format", "source", type=click.Choice([each.value for each in Format]), help="Otherwise FILE's name tells it.")
@output.json_option
def read(campaign_id: UUID, file: Path, source: str | None, *, as_json: bool) -> None:
    """Read the recipients of a draft from FILE: CSV, JSON lines or XLSX. Earlier ones are replaced."""
    written = readers.guess(file.name) if source is None else Format(source)
    if written is None:
        raise Invalid("--format", f"is required for a file of this name, one of {', '.join(Format)}")
    _read(campaign_id, file, written)
    with engine.get().connect() as connection:
        output.emit(_told(records.load(connection, None, campaign_id)), as_json=as_json)


def _read(campaign_id: UUID, file: Path, source: Format) -> None:
    """Store a file as the API does, and read it here; should this process end, a worker reads it."""
    with file.open("rb") as opened:
        begun = uploading.store(engine.get(), None, campaign_id, file.name, source, iter(lambda: opened.read(_STEP), b""))
    with _bar() as bar:
        task = bar.add_task("rows", total=file.stat().st_size, rows=0)
        chunks = _watched(storage.read(begun.source or ""), lambda size: bar.advance(task, size))
        importing.read_rows(begun, chunks, lambda rows: bar.update(task, rows=rows))


def _bar() -> Progress:
    """Make a bar on stderr, so that what is printed can be read by a program."""
    columns = (TextColumn("{task.fields[rows]} rows"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _watched(chunks: Iterable[bytes], tell: Callable[[int], None]) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk
        tell(len(chunk))


def _told(found: Campaign) -> output.Document:
    told = render.campaign(found)
    return {name: told[name] for name in ("id", "name", "state", "state_reason", "rows", "refused", "duplicates")}


_output = click.option("--output", "file", type=click.File("w", encoding="utf-8"), default="-", help="A file; otherwise stdout.")


@click.command("report")
@campaign_id
@_output
def report(campaign_id: UUID, file: IO[str]) -> None:
    """Write a line of CSV for every row of the file: what became of it."""
    _write(campaign_id, reports.recipients, file)


@click.command("refused")
@campaign_id
@_output
def refused(campaign_id: UUID, file: IO[str]) -> None:
    """Write the rows of the file that are wrong as CSV, and why they are."""
    _write(campaign_id, reports.refused, file)


def _write(campaign_id: UUID, parts: Callable[[Engine, Campaign], Iterator[str]], file: IO[str]) -> None:
    with engine.get().connect() as connection:
        found = records.load(connection, None, campaign_id)
    file.writelines(parts(engine.get(), found))


COMMANDS: Final = (read, report, refused)

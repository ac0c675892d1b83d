"""``antar file``: what an account's messages carry by id."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final
from uuid import UUID

import click

from deploy.cli import arguments, output
from shared import ids
from shared.db import engine
from shared.domain.files import File
from shared.domain.times import rfc3339
from shared.management import accounts, files, uploads
from shared.management.uploads import Upload

_STEP: Final = 256 * 1024
_file_id = click.argument("file_id", metavar="ID", type=arguments.Identifier(ids.FILE))


@click.group()
def file() -> None:
    """Manage the files that messages carry."""


@file.command("upload")
@arguments.account
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", help="What it is called; by default as it is there.")
@output.json_option
def upload(account: str, path: Path, name: str | None, *, as_json: bool) -> None:
    """Upload the file at PATH to ACCOUNT. The same bytes under the same name are the file that is there already."""
    with engine.get().connect() as connection:
        owner = accounts.find(connection, account)
    with path.open("rb") as opened:
        wanted = Upload(name=name or path.name, declared_type=None, chunks=_steps(opened))
        stored, _ = uploads.store(engine.get(), owner.id, wanted)
    output.emit(_document(stored), as_json=as_json)


@file.command("list")
@arguments.account
@click.option("--name", help="Only those called so, or in part.")
@click.option("--type", "media_type", help="Only those of this type: image/png, or image.")
@arguments.limit
@output.json_option
def list_files(account: str, name: str | None, media_type: str | None, limit: int, *, as_json: bool) -> None:
    """List the files of ACCOUNT, the newest first."""
    filters = files.Filters(name=name, media_type=media_type)
    with engine.get().connect() as connection:
        found = files.page(connection, accounts.find(connection, account).id, filters, limit)
    output.emit([_document(each) for each in found], as_json=as_json)


@file.command("link")
@arguments.account
@_file_id
@output.json_option
def link(account: str, file_id: UUID, *, as_json: bool) -> None:
    """Print a link under which anybody can fetch a file of ACCOUNT for a while."""
    with engine.get().connect() as connection:
        made = files.link(connection, accounts.find(connection, account).id, file_id)
    output.emit({"url": made.url, "expires_at": rfc3339(made.expires_at)}, as_json=as_json)


@file.command("delete")
@arguments.account
@_file_id
@output.json_option
def delete(account: str, file_id: UUID, *, as_json: bool) -> None:
    """Delete a file of ACCOUNT: no message can carry it any more, and no link to it works."""
    with engine.get().connect() as connection:
        owner = accounts.find(connection, account)
    files.remove(engine.get(), owner.id, file_id)
    output.emit({"id": ids.encode(ids.FILE, file_id), "deleted": True}, as_json=as_json)


def _steps(opened: IO[bytes]) -> Iterator[bytes]:
    while step := opened.read(_STEP):
        yield step


def _document(stored: File) -> output.Document:
    return {
        "id": ids.encode(ids.FILE, stored.id),
        "name": stored.name,
        "media_type": stored.media_type,
        "size_bytes": stored.size_bytes,
        "created_at": rfc3339(stored.created_at),
    }

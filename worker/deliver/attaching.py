"""Files that messages name by their id: looked up once for a whole batch, and only where one is named.

A provider gets a link that it can fetch the file from; an email gets the file itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final
from uuid import UUID

from shared import file_links, ids
from shared.db.lines import Lines
from shared.db.statements import files as statements
from shared.domain import files
from shared.domain.channels import Channel
from shared.domain.content import EmailBody, Message, Rendered
from shared.domain.files import File
from shared.domain.outcome import Action, Code, NotSent
from worker.channels.base import Attachment, Envelope
from worker.deliver import one, prepare
from worker.deliver.claim import Claim
from worker.deliver.one import Ready, Stopped
from worker.runtime import patience

_NOT_FOUND: Final = prepare.stop(Code.FILE_NOT_FOUND, "file not found")
_UNKNOWN: Final = NotSent(code=Code.INTERNAL_ERROR, reason="the file could not be looked up", action=Action.RETRY)
_PATIENCE: Final = 10.0
"""Seconds to wait for Postgres; then the delivery is tried again later."""

Prepared = Ready | Stopped


async def attach(lines: Lines, prepared: Sequence[Prepared]) -> Sequence[Prepared]:
    """Give everything that is ready its files, or say what keeps it from being sent with them. Never raises."""
    wanted = {file_id for each in prepared if isinstance(each, Ready) for file_id in _file_ids(each.envelope.content)}
    if not wanted:
        return prepared
    try:
        found = await patience.outlast("files", partial(_look_up, lines, wanted), _PATIENCE)
    except patience.TROUBLE:
        return [_put_off(each) for each in prepared]
    return [_attached(each, found) if isinstance(each, Ready) else each for each in prepared]


async def _look_up(lines: Lines, wanted: Iterable[str]) -> Mapping[UUID, File]:
    known = [identifier for text in wanted if (identifier := ids.decode(ids.FILE, text)) is not None]
    async with lines.line() as line:
        rows = await line.execute(statements.select_named, {"ids": known}) if known else []
    return {row.id: File(**row._asdict()) for row in rows}  # noqa: SLF001 - so is it named in every named tuple.


def _put_off(prepared: Prepared) -> Prepared:
    if isinstance(prepared, Stopped) or not _file_ids(prepared.envelope.content):
        return prepared
    return Stopped(claim=prepared.claim, outcome=_UNKNOWN)


def _attached(ready: Ready, found: Mapping[UUID, File]) -> Prepared:
    try:
        envelope = _with_files(ready, found)
    except Exception as error:  # noqa: BLE001 - a bug of ours ends this delivery, not its batch.
        return one.fail(ready.claim, error)
    return Stopped(claim=ready.claim, outcome=envelope) if isinstance(envelope, NotSent) else replace(ready, envelope=envelope)


def _with_files(ready: Ready, found: Mapping[UUID, File]) -> Envelope | NotSent:
    claim, envelope = ready.claim, ready.envelope
    named = [_own(claim, found, each) for each in _file_ids(envelope.content)]
    known = [file for file in named if file is not None]
    if len(known) < len(named):
        return _NOT_FOUND
    match envelope.content:
        case Message() if known:
            return _with_link(claim, envelope, envelope.content, known[0])
        case EmailBody() if known:
            return _with_attachments(envelope, envelope.content, known)
    return envelope


def _with_link(claim: Claim, envelope: Envelope, message: Message, file: File) -> Envelope | NotSent:
    refusal = files.refusal(Channel(claim.channel), message.type, file)
    if refusal is not None:
        return prepare.stop(*refusal)
    rich = message.rich_context
    given = {
        "file_url": file_links.make(file, claim.now).url,
        "file_id": None,
        "file_name": files.shown_name(rich.file_name, file),
    }
    return replace(envelope, content=message.model_copy(update={"rich_context": rich.model_copy(update=given)}))


def _with_attachments(envelope: Envelope, body: EmailBody, found: Sequence[File]) -> Envelope | NotSent:
    refusal = files.refusal_of_attachments(found)
    if refusal is not None:
        return prepare.stop(*refusal)
    attachments = tuple(
        Attachment(name=files.shown_name(each.file_name, file), media_type=file.media_type, location=file.location)
        for each, file in zip(body.attachments or (), found, strict=True)
    )
    return replace(envelope, attachments=attachments)


def _file_ids(content: Rendered) -> tuple[str, ...]:
    match content:
        case Message() if content.rich_context.file_id is not None:
            return (content.rich_context.file_id,)
        case EmailBody() if content.attachments:
            return tuple(each.file_id for each in content.attachments)
    return ()


def _own(claim: Claim, found: Mapping[UUID, File], text: str) -> File | None:
    """Give the file, if it is one of the account's own."""
    identifier = ids.decode(ids.FILE, text)
    file = None if identifier is None else found.get(identifier)
    return file if file is not None and file.account_id == claim.account_id else None

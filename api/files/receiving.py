"""From the body of a request to a file on its way, as it comes in: a form, or the bytes alone."""

from collections.abc import Iterable, Iterator
from typing import Final

from flask import request
from werkzeug.sansio.multipart import Data, Epilogue, Event, File, MultipartDecoder, NeedData

from api import bodies
from api.errors import InvalidRequest
from shared import settings
from shared.management.uploads import Upload

_FORM: Final = "multipart/form-data"
_FIELD: Final = "file"
_AROUND: Final = 64 * 1024
"""Bytes that a form may have around its file."""
_BUFFERED: Final = 512 * 1024
_MOST_PARTS: Final = 20


def upload() -> Upload:
    """Read what the request at hand brings, up to the file's first bytes. Raises :class:`InvalidRequest`."""
    chunks = bodies.stream(settings.get().max_file_bytes + _AROUND)
    if request.mimetype == _FORM:
        return _from_form(_events(_decoder(), chunks))
    name = request.args.get("name")
    if not name:
        raise _missing("name is required beside a body that is the file itself", "name")
    bodies.require_length()
    return Upload(name=name, declared_type=request.mimetype, chunks=chunks)


def _decoder() -> MultipartDecoder:
    boundary = request.mimetype_params.get("boundary", "")
    if not boundary:
        raise _malformed("names no boundary")
    return MultipartDecoder(boundary.encode(), _BUFFERED, max_parts=_MOST_PARTS)


def _from_form(events: Iterator[Event]) -> Upload:
    for event in events:
        if isinstance(event, File) and event.name == _FIELD:
            return Upload(name=event.filename, declared_type=event.headers.get("Content-Type"), chunks=_bytes(events))
    raise _missing(f"the form must have a file in its field {_FIELD}", _FIELD)


def _bytes(events: Iterator[Event]) -> Iterator[bytes]:
    """Give the bytes of the part at hand, and then read the form to its end: one that was cut is none."""
    for event in events:
        if not isinstance(event, Data):
            break
        yield event.data
        if not event.more_data:
            break
    for _ in events:
        pass


def _events(decoder: MultipartDecoder, chunks: Iterable[bytes]) -> Iterator[Event]:
    try:
        for chunk in chunks:
            decoder.receive_data(chunk)
            yield from _ready(decoder)
        decoder.receive_data(None)
        yield from _ready(decoder)
    except ValueError:
        raise _malformed("is cut, or not the form that its Content-Type says") from None


def _ready(decoder: MultipartDecoder) -> Iterator[Event]:
    while not isinstance(event := decoder.next_event(), (NeedData, Epilogue)):
        yield event


def _malformed(problem: str) -> InvalidRequest:
    return InvalidRequest("invalid_request", f"the body {problem}")


def _missing(message: str, param: str) -> InvalidRequest:
    return InvalidRequest("missing_required_field", message, param=param)

"""Files: uploading, finding, fetching and deleting them, and links to them."""

from typing import Final
from uuid import UUID

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from api import auth, limits, lists, native, storing
from api.dialects.kirim import errors
from api.errors import ApiError, Conflict, InvalidRequest
from api.files import receiving, render, schema, serving
from shared import ids
from shared.db import engine
from shared.management import files, uploads
from shared.management.errors import Invalid, TooLate

_KEPT_SECONDS: Final = 3600

blueprint = Blueprint("files", __name__)
errors.register(blueprint)
limits.register(blueprint)
storing.register(blueprint)


@blueprint.post("/v1/files")
def upload() -> Response:
    """Store a file; the same bytes under the same name are the file that is there already."""
    caller = auth.caller()
    try:
        stored, new = uploads.store(engine.get(), caller.account_id, receiving.upload())
    except (uploads.TooLarge, RequestEntityTooLarge):
        raise ApiError(413, "invalid_request_error", "file_too_large", str(uploads.TooLarge()), param="file") from None
    except Invalid as error:
        raise InvalidRequest("invalid_file", str(error), param=error.field) from None
    except TooLate as error:
        raise Conflict("conflict", str(error)) from None
    return lists.told(render.file(stored), 201 if new else 200)


@blueprint.get("/v1/files")
def list_files() -> Response:
    """Give a page of files, the newest first."""
    caller = auth.caller()
    query, filters = schema.files(request.args, caller.account_id)
    with engine.get().connect() as connection:
        found = files.page(connection, caller.account_id, filters, query.limit + 1, query.before_id)
    return lists.answer_found(found, query.limit, query.search, render.file, lambda each: each.id)


@blueprint.get("/v1/files/<identifier>")
def look_up(identifier: str) -> Response:
    """Give what is known of a file."""
    caller = auth.caller()
    with native.reading() as connection:
        found = files.load(connection, caller.account_id, _file_id(identifier))
    return lists.told(render.file(found))


@blueprint.get("/v1/files/<identifier>/content")
def fetch(identifier: str) -> Response:
    """Give the bytes of a file."""
    caller = auth.caller()
    with native.reading() as connection:
        found = files.load(connection, caller.account_id, _file_id(identifier))
    return serving.answer(found, _KEPT_SECONDS)


@blueprint.post("/v1/files/<identifier>/links")
def link(identifier: str) -> Response:
    """Make a link under which anybody can fetch a file for a while."""
    caller, file_id = auth.caller(), _file_id(identifier)
    with native.reading() as connection:
        made = files.link(connection, caller.account_id, file_id)
    return lists.told(render.link(file_id, made), 201)


@blueprint.delete("/v1/files/<identifier>")
def delete(identifier: str) -> Response:
    """Delete a file: no message can carry it any more, and no link to it works."""
    caller, file_id = auth.manager(), _file_id(identifier)
    with native.answering():
        files.remove(engine.get(), caller.account_id, file_id)
    return lists.told(render.deleted(file_id))


def _file_id(identifier: str) -> UUID:
    return native.identified(ids.FILE, identifier, "there is no such file")

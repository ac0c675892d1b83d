"""``/files/{token}/{name}``: a file for whoever has the link. No login: the token is the authority, and the name is for readers."""

from flask import Blueprint, Response

from api import storing
from api.errors import ApiError, ResourceNotFound
from api.files import serving
from shared import file_links
from shared.db import clock, engine
from shared.domain.files import File
from shared.management import files
from shared.management.errors import NotFound, TooLate

blueprint = Blueprint("file_links", __name__)
storing.register(blueprint)


@blueprint.get("/files/<token>/<name>")
def follow(token: str, name: str) -> Response:  # noqa: ARG001 - Flask names it.
    """Give the bytes of the file that a link names, until it expires."""
    claimed = file_links.read(token)
    if claimed is None:
        raise ResourceNotFound("there is no such link")
    return serving.answer(_named(claimed), max(0, int((claimed.expires_at - clock.now()).total_seconds())))


def _named(claimed: file_links.Claimed) -> File:
    try:
        with engine.get().connect() as connection:
            return files.follow(connection, claimed)
    except NotFound as error:
        raise ResourceNotFound(str(error)) from None
    except TooLate as error:
        raise ApiError(410, "not_found", "link_expired", str(error)) from None

"""``GET /openapi.json`` and ``GET /docs``: made once a process, from the rooms' own operations."""

from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from typing import Final

from flask import Blueprint, Response, current_app, request

from api import headers
from api.openapi import document, page, rooms
from shared import settings

blueprint = Blueprint("openapi", __name__)

_POLICY: Final = headers.policy(style=page.STYLE_HASH)
"""The page holds one style sheet and nothing that runs or loads."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Told:
    """What is served, as text."""

    document: str
    page: str


@blueprint.get("/openapi.json")
def describe() -> Response:
    """Give the OpenAPI document."""
    return _cached(Response(_tell().document, mimetype="application/json"))


@blueprint.get("/docs")
def read() -> Response:
    """Give the page for people."""
    response = Response(_tell().page, mimetype="text/html")
    response.headers[headers.POLICY] = _POLICY
    return _cached(response)


@lru_cache(maxsize=1)
def _tell() -> _Told:
    built = document.build(rooms.operations(current_app), version=version("antar"), public_url=settings.get().public_url)
    return _Told(document=current_app.json.dumps(built), page=page.render(built))


def _cached(response: Response) -> Response:
    """Let it be held, and asked each time whether it still is the same."""
    response.cache_control.no_cache = True
    response.add_etag()
    response.make_conditional(request)
    return response

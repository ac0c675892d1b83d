"""Versions of resources (RFC 9110, 8.8.3): what is held already is not answered again, and nobody changes what they have not seen.

The tag is made of all that is told of a resource. The id of the request, which every answer has anew, is no part of it.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from flask import Response, request

from api import lists
from api.errors import ApiError
from api.openapi.operation import Answer, Parameter
from api.openapi.refusals import refused

_BYTES: Final = 16


class PreconditionFailed(ApiError):
    """The resource is not as the caller saw it last: nothing was changed."""

    def __init__(self) -> None:
        super().__init__(412, "conflict", "precondition_failed", _FAILED, param="If-Match")


_FAILED: Final = "the resource is not the one that If-Match names: it was changed meanwhile"


def of(data: Mapping[str, Any]) -> str:
    """Give the tag of a resource as it is rendered, without quotes."""
    written = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.blake2b(written.encode("utf-8", "surrogatepass"), digest_size=_BYTES).hexdigest()


def told(data: dict[str, Any], status: int = 200) -> Response:
    """Answer with a resource and its tag; a ``GET`` whose ``If-None-Match`` names it gets 304 and no body."""
    tag = of(data)
    held = request.method == "GET" and request.if_none_match.contains_weak(tag)
    response = Response(status=304) if held else lists.told(data, status)
    response.set_etag(tag)
    return response


def check(data: Mapping[str, Any]) -> None:
    """Hold the resource that is about to be changed, as it is rendered and locked, against ``If-Match``.

    A request without the header changes whatever is there. Raises :class:`PreconditionFailed`.
    """
    if "If-Match" in request.headers and not request.if_match.contains(of(data)):
        raise PreconditionFailed


IF_NONE_MATCH: Final = Parameter(
    name="If-None-Match", where="header", description="The `ETag` of an answer that is held already: it is not sent again."
)
"""Of a ``GET`` of one resource."""

IF_MATCH: Final = Parameter(
    name="If-Match", where="header", description="The `ETag` of the resource as it was seen last; without it whatever is there."
)
"""Of what changes or deletes one resource."""

HEADERS: Final = {"ETag": "The version of the resource: it changes with whatever is told of it."}
"""The headers of an answer made by :func:`told`."""

UNCHANGED: Final = {304: Answer(description="What is held already is what would be answered.", headers=HEADERS)}
"""The answer to an ``If-None-Match`` that names the resource."""

CHANGED: Final = refused(
    412, "conflict", "precondition_failed", _FAILED, "The resource is not the one that `If-Match` names.", param="If-Match"
)
"""The answer to an ``If-Match`` that does not."""

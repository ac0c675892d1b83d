"""The bytes of a file as an answer, as they are read: whoever uploaded it, it does nothing in the api's name."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from flask import Response, request

from api import headers
from api.errors import ResourceNotFound
from shared import storage
from shared.domain.files import File

_SHOWN: Final = frozenset({"image", "video", "audio"})
"""What a browser may show; anything else it is to save."""


def answer(file: File, seconds: int) -> Response:
    """Answer with a file, which may be kept for so many seconds by whoever asked.

    Raises:
        ResourceNotFound: its bytes are gone.
        shared.storage.StorageError: they cannot be read.
    """
    response = Response(_body(file), content_type=file.media_type)
    response.content_length = file.size_bytes
    response.set_etag(file.sha256.hex())
    response.headers["Content-Disposition"] = _disposition(file)
    response.headers["Cache-Control"] = f"private, max-age={seconds}"
    response.headers[headers.POLICY] = "default-src 'none'; sandbox"
    return response


def _body(file: File) -> Iterable[bytes]:
    if request.method == "HEAD":
        return ()
    try:
        return storage.read(file.location)
    except storage.Missing:
        raise ResourceNotFound("the bytes of this file are gone") from None


def _disposition(file: File) -> str:
    """Name the file, in ASCII and as it is (RFC 6266)."""
    way = "inline" if file.media_type.partition("/")[0] in _SHOWN else "attachment"
    plain = file.name.encode("ascii", "replace").decode().translate(str.maketrans('"\\%', "___"))
    return f"{way}; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}"

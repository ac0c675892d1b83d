"""The ``Idempotency-Key`` header of the dialects that compare what is repeated (contract, Kirim 3 and Kirisan 12).

The scope is the account, so that one key stands for one request, whatever dialect it was made in.
"""

import hashlib
import json
from typing import Final

from flask import Response, request

from api.idempotency_keys import IdempotencyKey

HEADER: Final = "Idempotency-Key"
LONGEST: Final = 255
SCOPE: Final = "account"
_REPLAYED: Final = "Idempotent-Replayed"


class InvalidKey(Exception):
    """The header is empty, too long, or holds what cannot be stored."""

    def __init__(self) -> None:
        super().__init__(f"{HEADER} must have 1 to {LONGEST} characters of ASCII")


def header() -> str | None:
    """Give the key of the request at hand; ``None`` when it has none. Raises :class:`InvalidKey`."""
    key = request.headers.get(HEADER)
    if key is not None and (not key or len(key) > LONGEST or "\0" in key):
        raise InvalidKey
    return key


def read(body: bytes) -> IdempotencyKey | None:
    """Give the key with a fingerprint of the request at hand, whose body is valid JSON. Raises :class:`InvalidKey`.

    The fingerprint is of the JSON, so that spaces and the order of fields do not matter.
    """
    key = header()
    if key is None:
        return None
    canonical = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"))
    text = f"{request.method} {request.path} {canonical}"
    return IdempotencyKey(scope=SCOPE, key=key, fingerprint=hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())


def tell(response: Response, *, replayed: bool) -> Response:
    """Say with the answer whether the request was made before."""
    response.headers[_REPLAYED] = "true" if replayed else "false"
    return response

"""The WSGI application, without a framework."""

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import uuid4
from wsgiref.types import StartResponse, WSGIEnvironment

from tests.bench.limit import sends
from tests.bench.limit.intake.committing import Committer
from tests.bench.limit.variables import TOKEN

_ACCOUNTS: Final = {f"Bearer {os.environ[TOKEN]}": uuid4().hex}
_KEY_ID: Final = uuid4().hex
_committer: Final = Committer()


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Accept a send; any GET is answered with 200."""
    if environ["REQUEST_METHOD"] == "GET":
        return _answer(start_response, "200 OK", {})
    account_id = _ACCOUNTS.get(environ.get("HTTP_AUTHORIZATION", ""))
    if account_id is None:
        return _answer(start_response, "401 Unauthorized", {"status": False})
    body = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    parts = _parts(body)
    rows = sends.rows(account_id, parts, body["target"].get("variables", {}))
    if not _committer.commit(rows):
        return _answer(start_response, "503 Service Unavailable", {"status": False})
    first = {parts[0].channel: {"status": True, "queued": True}}
    identifier = f"snd_{rows.id.hex}"
    document = {"status": True, "queued": True, "id": identifier, "channels": first}
    return _answer(start_response, "202 Accepted", document, ("Location", f"/v1/sends/{identifier}"))


def _parts(body: Mapping[str, Any]) -> list[sends.Part]:
    """Give the channels of a body in their order; every one is a tier."""
    in_order = sorted(body["keys"], key=lambda channel: body["keys"][channel].get("fallback_sequence", 0))
    return [
        sends.Part(channel=channel, key_id=_KEY_ID, target=body["target"][channel], content=body["content"][channel]["message"])
        for channel in in_order
    ]


def _answer(start_response: StartResponse, status: str, document: Mapping[str, Any], *headers: tuple[str, str]) -> Iterable[bytes]:
    content = json.dumps(document).encode()
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(content))), *headers])
    return (content,)

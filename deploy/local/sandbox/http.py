"""What the HTTP providers have in common: reading a request, and turning a refusal into an answer."""

import json
import time
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from deploy.local.sandbox.desk import CallerGoneError, Line, ProviderError
from deploy.local.sandbox.faults import Fault
from deploy.local.sandbox.fields import Json

_STARTED_AT = web.RequestKey("started_at", float)


@web.middleware
async def answer_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Note when the call began, and answer what the provider refuses."""
    request[_STARTED_AT] = time.time()
    try:
        return await handler(request)
    except ProviderError as refusal:
        return _answer(refusal)
    except CallerGoneError:
        return web.Response(status=500)


def _answer(refusal: ProviderError) -> web.Response:
    if isinstance(refusal.body, str):
        return web.Response(text=refusal.body, status=refusal.status, headers=refusal.headers)
    return json_response(refusal.body, refusal.status, dict(refusal.headers))


def json_response(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Answer JSON."""
    return web.Response(body=json.dumps(body).encode(), status=status, headers=headers, content_type="application/json")


def line_of(request: web.Request) -> Line:
    """Give the connection of a request, with the time the call began."""
    traceparent, request_id = request.headers.get("traceparent"), request.headers.get("X-Request-Id")
    return Line(request.transport, request[_STARTED_AT], traceparent=traceparent, request_id=request_id)


def retry_after(fault: Fault) -> dict[str, str]:
    """Give the header a throttled caller is told to wait by, when the fault says how long."""
    return {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}


async def read_form(request: web.Request) -> Json:
    """Read the fields of a form of either kind; an uploaded file becomes its name, type and size in bytes."""
    form = await request.post()
    return {name: _describe(value) if isinstance(value, web.FileField) else value for name, value in form.items()}


def is_upload(value: Any) -> bool:
    """Tell whether a form's field was a file."""
    return isinstance(value, dict) and "size" in value


def _describe(upload: web.FileField) -> Json:
    return {"filename": upload.filename, "content_type": upload.content_type, "size": upload.file.seek(0, 2)}

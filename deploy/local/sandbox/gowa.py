"""GOWA: go-whatsapp-web-multidevice, as its OpenAPI document (9.0) and its error types have it."""

import base64
import binascii
import json
import re
from http import HTTPStatus
from uuid import uuid4

from aiohttp import web

from deploy.local.sandbox import accounts, http
from deploy.local.sandbox.desk import Desk, ProviderError
from deploy.local.sandbox.faults import Fault, Kind
from deploy.local.sandbox.fields import Fields, InvalidFieldError, Json, is_http_url
from deploy.local.sandbox.store import Message

_OFFLINE = "you are not connect to services server, please reconnect"
_TIMELOCK = "WhatsApp rejected this send with error 463 (reach-out timelock). The linked number may not open new chats now."
_ERRORS = {
    "AUTHENTICATION_ERROR": (401, _OFFLINE),
    "DEVICE_NOT_FOUND": (404, "device not found; create a device first from /api/devices or provide a valid X-Device-Id"),
    "DEVICE_ID_REQUIRED": (400, "device_id is required via X-Device-Id header or device_id query"),
    "INVALID_JID": (400, "user is not registered"),
    "VALIDATION_ERROR": (400, "message: cannot be blank."),
    "WA_REACHOUT_TIMELOCK": (429, _TIMELOCK),
    "463": (429, _TIMELOCK),
    "TOO_MANY_REQUESTS": (429, "Too Many Requests"),
    "UPLOAD_MEDIA_ERROR": (500, "failed to upload media"),
    "INVALID_WA_CLI": (500, "your WhatsApp CLI is invalid or empty"),
    "INTERNAL_SERVER_ERROR": (500, "Whatsapp client is not initialized"),
    "DEVICE_MANAGER_UNAVAILABLE": (503, "device manager is not available"),
    "GATEWAY_TIMEOUT": (504, "Request timed out waiting for WhatsApp server response"),
}
_USUAL_CODES = {
    Kind.RECIPIENT: "INVALID_JID",
    Kind.CONTENT: "VALIDATION_ERROR",
    Kind.DEVICE: "AUTHENTICATION_ERROR",
    Kind.THROTTLE: "TOO_MANY_REQUESTS",
    Kind.OUTAGE: "DEVICE_MANAGER_UNAVAILABLE",
}
_MEDIA = {"image": "image", "video": "video", "file": "document", "audio": "audio"}
_PHONE = re.compile(r"\d{5,20}(@s\.whatsapp\.net|@lid)?|[\d-]{5,40}@g\.us")


def refuse(fault: Fault, _to: str) -> ProviderError:
    """Answer a fault as GOWA does; ``code`` is one of its error codes, WhatsApp's ``463``, or an HTTP status."""
    if fault.kind is Kind.CREDENTIALS and fault.code is None:
        return ProviderError(401, "Unauthorized")
    return _error(fault.code or _USUAL_CODES[fault.kind], headers=http.retry_after(fault))


def _error(code: str, message: str | None = None, headers: dict[str, str] | None = None) -> ProviderError:
    status, usual = _ERRORS[code] if code in _ERRORS else _http_error(code)
    name = "WA_REACHOUT_TIMELOCK" if code == "463" else code
    return ProviderError(status, {"status": status, "code": name, "message": message or usual, "results": None}, headers)


def _http_error(code: str) -> tuple[int, str]:
    status = HTTPStatus(int(code))
    return status.value, status.phrase


class Gowa:
    """The HTTP interface."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """List what it answers, under ``/gowa``."""
        return [
            web.post("/gowa/send/{kind}", self.send),
            web.get("/gowa/app/status", self.status),
            web.get("/gowa/devices/{device}/status", self.status),
        ]

    async def send(self, request: web.Request) -> web.Response:
        """Send a message: ``POST /send/message`` and its siblings."""
        device = _known_device(request)
        raw = await _read_fields(request)
        try:
            message = _read(request, device, raw)
        except InvalidFieldError as invalid:
            raise _error("VALIDATION_ERROR", f"{invalid}.") from None
        await self._desk.take(message, http.line_of(request), refuse)
        results = {"message_id": message.provider_message_id, "status": f"Message sent to {message.to}"}
        return http.json_response({"status": 200, "code": "SUCCESS", "message": results["status"], "results": results})

    async def status(self, request: web.Request) -> web.Response:
        """Tell whether a device is connected and linked; a standing device fault makes it neither."""
        device = _known_device(request)
        standing = await self._desk.standing("whatsapp", http.line_of(request))
        if standing and standing.kind is not Kind.DEVICE:
            raise refuse(standing, "")
        results: Json = {"is_connected": standing is None, "is_logged_in": standing is None, "device_id": device}
        answer = {"status": 200, "code": "SUCCESS", "message": "Connection status retrieved", "results": results}
        return http.json_response(answer)


def _known_device(request: web.Request) -> str:
    if not _is_authorized(request.headers.get("Authorization", "")):
        raise ProviderError(401, "Unauthorized", {"WWW-Authenticate": 'Basic realm="Restricted"'})
    device = request.match_info.get("device") or request.headers.get("X-Device-Id") or request.query.get("device_id")
    if not device:
        raise _error("DEVICE_ID_REQUIRED")
    if not accounts.is_known_sender(device):
        raise _error("DEVICE_NOT_FOUND")
    return device


def _is_authorized(header: str) -> bool:
    scheme, _, value = header.partition(" ")
    try:
        password = base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return False
    return scheme.lower() == "basic" and accounts.is_good(password)


async def _read_fields(request: web.Request) -> bytes:
    if request.content_type == "application/json":
        return await request.read()
    return json.dumps(await http.read_form(request)).encode()


def _read(request: web.Request, device: str, raw: bytes) -> Message:
    kind = request.match_info["kind"]
    fields = Fields.parse(raw)
    return Message(
        channel="whatsapp",
        provider="gowa",
        sender=device,
        to=_phone(fields),
        type=_MEDIA.get(kind, "text" if kind in {"message", "link"} else kind),
        body=_body(kind, fields),
        raw=raw,
        delivery_id=None,
        provider_message_id="3EB0" + uuid4().hex[:18].upper(),
        started_at=http.line_of(request).started_at,
    )


def _phone(fields: Fields) -> str:
    phone = fields.text("phone").removeprefix("+")
    if not _PHONE.fullmatch(phone):
        raise _error("INVALID_JID", "your phone number is not in international format")
    return phone if "@" in phone else f"{phone}@s.whatsapp.net"


def _body(kind: str, fields: Fields) -> str:
    if kind in _MEDIA:
        return _media(kind, fields)
    match kind:
        case "message":
            return fields.text("message")
        case "link":
            return f"{fields.text_or('caption', '')}\n{fields.url('link')}".strip()
        case "location":
            return _location(fields)
        case "poll":
            fields.required("options")
            return fields.text("question")
        case _:
            raise ProviderError(404, f"Cannot POST /send/{kind}")


def _media(kind: str, fields: Fields) -> str:
    if not http.is_upload(fields.values.get(kind)) and not is_http_url(fields.text(f"{kind}_url")):
        raise fields.wrong(f"{kind}_url", "must be a valid URL")
    return fields.text_or("caption", "")


def _location(fields: Fields) -> str:
    """Read the coordinates, which this gateway takes as strings."""
    latitude, longitude = fields.text("latitude"), fields.text("longitude")
    fields.decimal("latitude", 90)
    fields.decimal("longitude", 180)
    return f"{latitude},{longitude}"

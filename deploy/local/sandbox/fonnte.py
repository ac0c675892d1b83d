"""Fonnte: a hosted WhatsApp gateway. Nearly every refusal is HTTP 200 with ``status`` false and a ``reason``."""

import itertools
import json
import re
from http import HTTPStatus

from aiohttp import web

from deploy.local.sandbox import accounts, http
from deploy.local.sandbox.desk import Desk, ProviderError
from deploy.local.sandbox.faults import Fault, Kind
from deploy.local.sandbox.fields import Fields, InvalidFieldError, Json, is_http_url
from deploy.local.sandbox.store import Message

_DISCONNECTED = "request invalid on disconnected device"
_REASONS = {
    Kind.RECIPIENT: "target invalid",
    Kind.CONTENT: "input invalid",
    Kind.CREDENTIALS: "token invalid",
    Kind.DEVICE: _DISCONNECTED,
}
_HTTP_ERRORS = {Kind.THROTTLE: HTTPStatus.TOO_MANY_REQUESTS, Kind.OUTAGE: HTTPStatus.SERVICE_UNAVAILABLE}
_TARGET = re.compile(r"\d{6,20}|[\d-]{6,40}@g\.us")
_CONTENT_FIELDS = ("message", "url", "location", "file", "choices")
_TEXT_LIMIT = 60_000


def refuse(fault: Fault, _to: str) -> ProviderError:
    """Answer a fault as Fonnte does; ``code`` is the reason it gives, word for word."""
    if fault.code is None and fault.kind in _HTTP_ERRORS:
        status = _HTTP_ERRORS[fault.kind]
        return ProviderError(status, status.phrase, http.retry_after(fault))
    return _failure(fault.code or _REASONS[fault.kind])


def _failure(reason: str) -> ProviderError:
    return ProviderError(200, {"reason": reason, "status": False})


class Fonnte:
    """The HTTP interface."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ids = itertools.count(80_000_000)

    def routes(self) -> list[web.RouteDef]:
        """List what it answers, under ``/fonnte``."""
        return [web.post("/fonnte/send", self.send), web.post("/fonnte/device", self.device)]

    async def send(self, request: web.Request) -> web.Response:
        """Send a message to one target."""
        _authorize(request)
        fields = await _read_fields(request)
        message = self._message(request, fields)
        await self._desk.take(message, http.line_of(request), refuse)
        return http.json_response(_answer(message))

    def _message(self, request: web.Request, fields: Fields) -> Message:
        return Message(
            channel="whatsapp",
            provider="fonnte",
            sender="device",
            to=_target(fields),
            type=_check_content(fields),
            body=str(fields.values.get("message") or ""),
            raw=json.dumps(fields.values).encode(),
            delivery_id=None,
            provider_message_id=str(next(self._ids)),
            started_at=http.line_of(request).started_at,
        )

    async def device(self, request: web.Request) -> web.Response:
        """Tell the device's state; a standing device fault disconnects it."""
        _authorize(request)
        standing = await self._desk.standing("whatsapp", http.line_of(request))
        if standing and standing.kind is not Kind.DEVICE:
            raise refuse(standing, "")
        state = "disconnect" if standing else "connect"
        profile: Json = {"device": accounts.OWN_NUMBER, "device_status": state, "name": "sandbox", "quota": "1000"}
        return http.json_response({**profile, "package": "Free", "status": True})


def _authorize(request: web.Request) -> None:
    if not accounts.is_good(request.headers.get("Authorization", "")):
        raise _failure("token invalid")


async def _read_fields(request: web.Request) -> Fields:
    if request.content_type != "application/json":
        return Fields(await http.read_form(request))
    try:
        return Fields.parse(await request.read())
    except InvalidFieldError:
        raise _failure("JSON format invalid") from None


def _target(fields: Fields) -> str:
    """Read the recipient. A leading zero is replaced by ``countryCode``, 62 unless told, kept when that is 0."""
    target = str(fields.values.get("target") or "").removeprefix("+")
    country = str(fields.values.get("countryCode") or "62")
    if target.startswith("0") and country != "0":
        target = country + target[1:]
    if not _TARGET.fullmatch(target):
        raise _failure("target invalid")
    return target


def _check_content(fields: Fields) -> str:
    """Check what is sent and give its type."""
    given = [name for name in _CONTENT_FIELDS if name in fields and fields.values[name] != ""]
    if not given or len(str(fields.values.get("message") or "")) > _TEXT_LIMIT:
        raise _failure("input invalid")
    if "url" in given and not is_http_url(str(fields.values["url"])):
        raise _failure("url invalid")
    return "file" if {"url", "file"} & set(given) else "location" if "location" in given else "text"


def _answer(message: Message) -> Json:
    return {
        "detail": "success! message in queue",
        "id": [message.provider_message_id],
        "process": "pending",
        "requestid": int(message.provider_message_id),
        "status": True,
        "target": [message.to],
    }

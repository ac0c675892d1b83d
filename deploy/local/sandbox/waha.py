"""WAHA: WhatsApp's web client behind an HTTP interface, one session for each linked phone.

Paths, shapes and errors are those of WAHA's OpenAPI document (2026.7) and of its published documentation.
"""

import json
import re
import time
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from aiohttp import web

from deploy.local.sandbox import accounts, http, waha_messages
from deploy.local.sandbox.desk import Desk, ProviderError
from deploy.local.sandbox.faults import Fault, Kind
from deploy.local.sandbox.fields import Fields, InvalidFieldError, Json
from deploy.local.sandbox.store import Message

_DELIVERY = re.compile(r"3EB0([0-9A-F]{32})")
_STATUSES = frozenset({"STOPPED", "STARTING", "SCAN_QR_CODE", "PASSKEY_REQUIRED", "PASSKEY_CONFIRMATION_REQUIRED", "FAILED"})
_HTTP_STATUSES = frozenset(str(status.value) for status in HTTPStatus if status >= HTTPStatus.BAD_REQUEST)
_ME = {"id": f"{accounts.OWN_NUMBER}@c.us", "pushName": "Antar Sandbox"}


def refuse(fault: Fault, to: str) -> ProviderError:
    """Answer a fault as WAHA does; ``code`` is a session status, an HTTP status, or the words of an exception."""
    if fault.kind is Kind.DEVICE:
        return _not_working("default", fault.code or "SCAN_QR_CODE")
    if fault.code in _HTTP_STATUSES:
        return _nest(int(fault.code), HTTPStatus(int(fault.code)).phrase, http.retry_after(fault))
    if fault.code is not None:
        return _exception(f"2 UNKNOWN: server returned error {fault.code}")
    return _usual_refusal(fault, to)


def _usual_refusal(fault: Fault, to: str) -> ProviderError:
    match fault.kind:
        case Kind.RECIPIENT:
            return _exception(f"2 UNKNOWN: no LID found for {to.partition('@')[0]}@s.whatsapp.net from server")
        case Kind.CONTENT:
            return _nest(422, "The method is not implemented by the engine.")
        case Kind.CREDENTIALS:
            return ProviderError(401, {"message": "Unauthorized", "statusCode": 401})
        case Kind.THROTTLE:
            return _nest(429, "ThrottlerException: Too Many Requests", http.retry_after(fault))
        case _:
            return _nest(503, "Service Unavailable")


def _nest(status: int, message: str | list[str], headers: dict[str, str] | None = None) -> ProviderError:
    return ProviderError(status, {"message": message, "error": HTTPStatus(status).phrase, "statusCode": status}, headers)


def _exception(message: str) -> ProviderError:
    exception = {"message": message, "code": 2, "details": message.partition(": ")[2], "name": "Error"}
    return ProviderError(500, {"statusCode": 500, "timestamp": _now(), "exception": exception})


def _not_working(session: str, status: str) -> ProviderError:
    if status not in _STATUSES:
        raise ValueError(f"must be a session status: {', '.join(sorted(_STATUSES))}")
    error = "Session status is not as expected. Try again later or restart the session"
    return ProviderError(422, {"error": error, "session": session, "status": status, "expected": ["WORKING"]})


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())


def delivery_id(message_id: str) -> str | None:
    """Recover antar's id from a message id its client chose: ``3EB0`` and the UUID's 32 hex digits in upper case."""
    match = _DELIVERY.search(message_id)
    return str(UUID(match[1])) if match else None


def _new_id() -> str:
    return "3EB0" + uuid4().hex[:18].upper()


class Waha:
    """The HTTP interface."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """List what it answers, under ``/waha``."""
        return [
            web.post("/waha/api/{action}", self.send),
            web.get("/waha/api/contacts/check-exists", self.check_exists),
            web.get("/waha/api/sessions/{session}", self.session),
            web.get("/waha/api/{session}/new-message-id", self.new_message_id),
            web.get("/waha/api/{session}/chats/{chat}/messages/{id}", self.message),
        ]

    async def send(self, request: web.Request) -> web.Response:
        """Send a message: ``POST /api/sendText`` and its siblings."""
        _authorize(request)
        raw = await request.read()
        try:
            message = self._read(request, raw)
        except InvalidFieldError as invalid:
            raise _nest(400, [str(invalid)]) from None
        await self._desk.take(message, http.line_of(request), refuse)
        return http.json_response(_answer(message), 201)

    def _read(self, request: web.Request, raw: bytes) -> Message:
        fields = Fields.parse(raw)
        action = request.match_info["action"]
        if action not in waha_messages.ACTIONS:
            raise _nest(404, f"Cannot POST /api/{action}")
        if action == "sendButtons":
            raise _nest(422, "The method is not implemented by the engine.")
        session = _known_session(fields.text_or("session", "default"))
        chat = waha_messages.chat_id(fields)
        message_id = f"true_{chat}_{fields.text_or('id', _new_id(), 128)}"
        return Message(
            channel="whatsapp",
            provider="waha",
            sender=session,
            to=chat,
            type=waha_messages.ACTIONS[action],
            body=waha_messages.body(action, fields),
            raw=raw,
            delivery_id=delivery_id(message_id),
            provider_message_id=message_id,
            started_at=http.line_of(request).started_at,
        )

    async def session(self, request: web.Request) -> web.Response:
        """Tell a session's state; a standing device fault shows as its status."""
        session = self._known(request, request.match_info["session"])
        standing = await self._desk.standing("whatsapp", http.line_of(request))
        status = (standing.code or "SCAN_QR_CODE") if standing and standing.kind is Kind.DEVICE else "WORKING"
        body: Json = {"name": session, "status": status, "presence": {}, "timestamps": {"activity": None}, "config": {}}
        return http.json_response({**body, "me": _ME} if status == "WORKING" else body)

    async def check_exists(self, request: web.Request) -> web.Response:
        """Tell whether a number has WhatsApp; one under a recipient fault has not."""
        self._known(request, request.query.get("session", "default"))
        phone = request.query.get("phone", "").removesuffix("@c.us").removeprefix("+").strip()
        if not phone.isdigit():
            raise _nest(400, ["phone must be a phone number"])
        exists = not self._desk.faults.forbids("whatsapp", phone)
        return http.json_response({"numberExists": True, "chatId": f"{phone}@c.us"} if exists else {"numberExists": False})

    async def new_message_id(self, request: web.Request) -> web.Response:
        """Give an id for a message to come."""
        self._known(request, request.match_info["session"])
        return http.json_response({"id": _new_id()})

    async def message(self, request: web.Request) -> web.Response:
        """Look up a message that was accepted, by its full id or by the part its client chose."""
        self._known(request, request.match_info["session"])
        chat, wanted = request.match_info["chat"], request.match_info["id"]
        full = wanted if wanted.startswith("true_") else f"true_{waha_messages.chat(chat)}_{wanted}"
        message = self._desk.store.find(full)
        if message is None:
            raise _nest(404, "Message not found")
        return http.json_response(_answer(message))

    def _known(self, request: web.Request, session: str) -> str:
        """Check who asks and about which session, under the faults that stand for every call."""
        _authorize(request)
        standing = self._desk.faults.standing("whatsapp")
        if standing and standing.kind is not Kind.DEVICE:
            raise refuse(standing, "")
        return _known_session(session)


def _authorize(request: web.Request) -> None:
    if not accounts.is_good(request.headers.get("X-Api-Key", "")):
        raise ProviderError(401, {"message": "Unauthorized", "statusCode": 401})


def _known_session(session: str) -> str:
    if not accounts.is_known_sender(session):
        start = f"Please start it first by using POST /api/sessions/{session}/start request"
        raise _nest(404, f"We didn't find a session with name '{session}'.\n{start}")
    return session


def _answer(message: Message) -> dict[str, Any]:
    return {
        "id": message.provider_message_id,
        "timestamp": int(message.received_at),
        "from": _ME["id"],
        "fromMe": True,
        "source": "api",
        "to": message.to,
        "participant": "",
        "body": message.body,
        "hasMedia": "file" in json.loads(message.raw),
        "mediaUrl": "",
        "ack": 1,
        "ackName": "SERVER",
        "_data": {},
    }

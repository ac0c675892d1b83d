"""Meta's Cloud API: messages of business phone numbers, as its reference and its published OpenAPI document have it."""

import re
from uuid import UUID, uuid4

from aiohttp import web

from deploy.local.sandbox import accounts, cloud_api_messages, cloud_api_templates, http
from deploy.local.sandbox.cloud_api_errors import error, refuse
from deploy.local.sandbox.desk import Desk
from deploy.local.sandbox.fields import Fields, InvalidFieldError, Json
from deploy.local.sandbox.store import Message

_USUAL_FIELDS = "verified_name,display_phone_number,quality_rating"
_VERSION = re.compile(r"v\d{1,2}\.\d")


class CloudApi:
    """The HTTP interface."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """List what it answers, under ``/graph``."""
        return [
            web.post("/graph/{version}/{number}/messages", self.send),
            web.get("/graph/{version}/{account}/message_templates", self.templates),
            web.post("/graph/{version}/{account}/message_templates", self.make_template),
            web.get("/graph/{version}/{number}", self.number),
        ]

    async def send(self, request: web.Request) -> web.Response:
        """Send a message, or mark one as read."""
        number = _known_number(request)
        raw = await request.read()
        try:
            fields = Fields.parse(raw)
            if "status" in fields:
                return _mark_as_read(fields)
            message = _read(fields, number, raw, http.line_of(request).started_at)
        except InvalidFieldError as invalid:
            raise error(131008 if invalid.missing else 131009, str(invalid)) from None
        except cloud_api_messages.UnsupportedTypeError as unsupported:
            raise error(131051, f"Message type {unsupported} is not supported") from None
        await self._desk.take(message, http.line_of(request), refuse)
        return http.json_response(_answer(message, fields.values["to"]))

    async def templates(self, request: web.Request) -> web.Response:
        """Give a page of an account's templates, under the faults that stand for every call."""
        listed = await self._templates_of(request)
        return http.json_response(cloud_api_templates.page(listed, request))

    async def make_template(self, request: web.Request) -> web.Response:
        """Take a template for review."""
        listed = await self._templates_of(request)
        try:
            made = cloud_api_templates.read(Fields.parse(await request.read()))
        except InvalidFieldError as invalid:
            raise error(100, str(invalid)) from None
        return http.json_response(cloud_api_templates.add(listed, made))

    async def _templates_of(self, request: web.Request) -> list[Json]:
        _authorize(request)
        listed = self._desk.templates.get(request.match_info["account"])
        if listed is None:
            raise _no_such_object(request.match_info["account"])
        standing = await self._desk.standing("waba", http.line_of(request))
        if standing:
            raise refuse(standing, "")
        return listed

    async def number(self, request: web.Request) -> web.Response:
        """Describe a phone number, under the faults that stand for every call."""
        number = _known_number(request)
        standing = await self._desk.standing("waba", http.line_of(request))
        if standing:
            raise refuse(standing, "")
        wanted = [field for field in request.query.get("fields", _USUAL_FIELDS).split(",") if field != "id"]
        return http.json_response({**_described(number, wanted), "id": number})


def _described(number: str, wanted: list[str]) -> Json:
    """Give the fields asked for. The Graph API refuses those it does not know."""
    entities = [{"entity_type": "PHONE_NUMBER", "id": number}, {"entity_type": "WABA", "id": accounts.WABA_ID}]
    fields: Json = {
        "verified_name": "Antar Sandbox",
        "display_phone_number": accounts.OWN_NUMBER,
        "quality_rating": "GREEN",
        "health_status": {
            "can_send_message": "AVAILABLE",
            "entities": [{**entity, "can_send_message": "AVAILABLE"} for entity in entities],
        },
    }
    unknown = next((field for field in wanted if field not in fields), None)
    if unknown is not None:
        raise error(100, f"Tried accessing nonexisting field ({unknown})")
    return {field: fields[field] for field in wanted}


def _authorize(request: web.Request) -> None:
    if not _VERSION.fullmatch(request.match_info["version"]):
        raise error(100, f"Unknown path components: /{request.match_info['version']}")
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not accounts.is_good(token):
        raise error(190, "Invalid OAuth access token - Cannot parse access token")


def _known_number(request: web.Request) -> str:
    _authorize(request)
    number = request.match_info["number"]
    if not number.startswith(accounts.PHONE_NUMBER_ID_PREFIX):
        raise _no_such_object(number)
    return number


def _no_such_object(name: str) -> Exception:
    problem = "does not exist, cannot be loaded due to missing permissions, or does not support this operation"
    return error(100, f"Unsupported request. Object with ID '{name}' {problem}", 33)


def _mark_as_read(fields: Fields) -> web.Response:
    fields.choice("status", frozenset({"read"}))
    fields.text("message_id")
    return http.json_response({"success": True})


def _read(fields: Fields, number: str, raw: bytes, started_at: float) -> Message:
    to = cloud_api_messages.recipient(fields)
    kind = fields.text("type")
    return Message(
        channel="waba",
        provider="cloud_api",
        sender=number,
        to=to,
        type=kind,
        body=cloud_api_messages.body(kind, fields),
        raw=raw,
        delivery_id=delivery_id(fields.text_or("biz_opaque_callback_data", "")),
        provider_message_id=f"wamid.{uuid4().hex.upper()}",
        started_at=started_at,
    )


def delivery_id(callback_data: str) -> str | None:
    """Recover antar's id from the opaque callback data, when that is a UUID."""
    try:
        return str(UUID(callback_data))
    except ValueError:
        return None


def _answer(message: Message, to: str) -> Json:
    return {
        "messaging_product": "whatsapp",
        "contacts": [{"input": to, "wa_id": message.to}],
        "messages": [{"id": message.provider_message_id, "message_status": "accepted"}],
    }

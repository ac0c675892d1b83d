"""The sandbox's own interface, under ``/_sandbox``: what was accepted, and what is to go wrong."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Annotated, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deploy.local.sandbox import accounts, bot_api, cloud_api_errors, events, fonnte, gowa, http, smtp, store, waha
from deploy.local.sandbox.desk import Desk, ProviderError, Settings
from deploy.local.sandbox.faults import REFUSALS, Fault
from deploy.local.sandbox.fields import Json
from deploy.local.sandbox.store import Message
from deploy.local.sandbox.webhooks import Poster

_LISTED_AT_ONCE = 1000
_CHANNELS = frozenset({"whatsapp", "waba", "telegram", "email"})
_FIRST: dict[str, str] = {
    "whatsapp": "default",
    "waba": accounts.waba("")["phone_number_id"],
    "telegram": accounts.bot_id(),
}
"""The sender of each channel's first account."""

_ANSWERS: dict[str, tuple[Callable[[Fault, str], object], ...]] = {
    "whatsapp": (waha.refuse, gowa.refuse, fonnte.refuse),
    "waba": (cloud_api_errors.refuse,),
    "telegram": (bot_api.refuse,),
    "email": (smtp.reply,),
}
"""How each channel would answer a fault; called to find out whether it can."""


class Inbound(BaseModel):
    """A text from a person to one of our senders; without ``sender`` the first account of the channel."""

    model_config = ConfigDict(extra="forbid", strict=True)

    channel: Literal["whatsapp", "waba", "telegram"]
    contact: Annotated[str, Field(alias="from", pattern=r"^\+?\d{1,20}$")]
    text: Annotated[str, Field(min_length=1)]
    gateway: Literal["waha", "gowa"] = "waha"
    sender: str | None = None

    @property
    def provider(self) -> str:
        """The provider that reports it."""
        return {"whatsapp": self.gateway, "waba": "cloud_api", "telegram": "bot_api"}[self.channel]


class TemplateStatus(BaseModel):
    """A status that Meta gives a template of a WhatsApp Business account."""

    model_config = ConfigDict(extra="forbid", strict=True)

    account: str = accounts.WABA_ID
    name: str
    language: str
    status: str
    reason: str = "NONE"
    sender: str | None = None
    """The number of whose webhooks it is told; the first account's otherwise."""


class Receipt(BaseModel):
    """A status of a message that was accepted; ``code`` is the Cloud API's reason of a failure."""

    model_config = ConfigDict(extra="forbid", strict=True)

    provider_message_id: str
    status: Literal["sent", "delivered", "read", "failed"]
    code: int | None = None


class Session(BaseModel):
    """A state of a WAHA session."""

    model_config = ConfigDict(extra="forbid", strict=True)

    session: str = "default"
    status: Literal["WORKING", "STARTING", "SCAN_QR_CODE", "PASSKEY_REQUIRED", "PASSKEY_CONFIRMATION_REQUIRED", "STOPPED", "FAILED"]


class Templates(BaseModel):
    """The templates of a WhatsApp Business account, as Meta lists them."""

    model_config = ConfigDict(extra="forbid", strict=True)

    templates: list[Json]


_Model = TypeVar("_Model", bound=BaseModel)


class Control:
    """The interface tests and people drive the sandbox by."""

    def __init__(self, desk: Desk, poster: Poster | None) -> None:
        self._desk = desk
        self._poster = poster

    def routes(self) -> list[web.RouteDef]:
        """List what it answers."""
        return [
            web.get("/_sandbox/health", self.health),
            web.get("/_sandbox/messages", self.messages),
            web.delete("/_sandbox/messages", self.clear_messages),
            web.get("/_sandbox/count", self.count),
            web.post("/_sandbox/faults", self.add_fault),
            web.delete("/_sandbox/faults", self.clear_faults),
            web.post("/_sandbox/inbound", self.inbound),
            web.post("/_sandbox/receipts", self.receipt),
            web.post("/_sandbox/sessions", self.session),
            web.post("/_sandbox/settings", self.settings),
            web.put("/_sandbox/templates/{account}", self.set_templates),
            web.get("/_sandbox/templates/{account}", self.templates),
            web.post("/_sandbox/template_statuses", self.template_status),
        ]

    async def health(self, _request: web.Request) -> web.Response:
        """Say that the sandbox runs, and how much it holds."""
        webhooks = self._poster.count() if self._poster else None
        return http.json_response({"status": "ok", "faults": len(self._desk.faults), "webhooks": webhooks})

    async def messages(self, request: web.Request) -> web.StreamResponse:
        """List the accepted messages, oldest first, of a channel and to a recipient when the query says so."""
        channel = request.query.get("channel")
        if channel is not None and channel not in _CHANNELS:
            raise _bad("channel", f"must be one of {', '.join(sorted(_CHANNELS))}")
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        await _write(response, self._desk.store.select(channel, request.query.get("to")))
        await response.write_eof()
        return response

    async def clear_messages(self, _request: web.Request) -> web.Response:
        """Forget the accepted messages."""
        return http.json_response({"deleted": self._desk.store.clear()})

    async def count(self, _request: web.Request) -> web.Response:
        """Count the accepted messages."""
        return http.json_response(self._desk.store.count())

    async def add_fault(self, request: web.Request) -> web.Response:
        """Let calls fail."""
        fault = await _read(Fault, request)
        _check_code(fault)
        self._desk.faults.add(fault)
        return http.json_response(fault.model_dump(mode="json"), 201)

    async def clear_faults(self, _request: web.Request) -> web.Response:
        """Let nothing fail any more."""
        return http.json_response({"deleted": self._desk.faults.clear()})

    async def settings(self, request: web.Request) -> web.Response:
        """Change the settings that are given and keep the others."""
        given = await _read(Settings, request)
        changed = given.model_dump(include=given.model_fields_set)
        self._desk.settings = self._desk.settings.model_copy(update=changed)
        return http.json_response(self._desk.settings.model_dump())

    async def set_templates(self, request: web.Request) -> web.Response:
        """Let a WhatsApp Business account have these templates at Meta, whatever it had."""
        wanted = (await _read(Templates, request)).templates
        self._desk.templates[request.match_info["account"]] = wanted
        return http.json_response({"templates": len(wanted)})

    async def templates(self, request: web.Request) -> web.Response:
        """Give the templates that a WhatsApp Business account has at Meta."""
        return http.json_response({"templates": self._desk.templates.get(request.match_info["account"], [])})

    async def template_status(self, request: web.Request) -> web.Response:
        """Let Meta give a template another status, and tell of it."""
        told = await _read(TemplateStatus, request)
        named = (each for each in self._desk.templates.get(told.account, []) if each["name"] == told.name)
        template = next((each for each in named if each["language"] == told.language), None)
        if template is None:
            raise _bad("name", "is no template of the account in this language", 404)
        template |= {"status": told.status, "rejected_reason": told.reason}
        return self._post(events.template_status(told.account, template, told.sender or _FIRST["waba"]))

    async def inbound(self, request: web.Request) -> web.Response:
        """Let a person write to one of our senders."""
        text = await _read(Inbound, request)
        return self._post(events.inbound(text.provider, text.sender or _FIRST[text.channel], text.contact, text.text))

    async def session(self, request: web.Request) -> web.Response:
        """Let WAHA report the state of a session, whatever it is."""
        told = await _read(Session, request)
        return self._post(events.session(told.session, told.status))

    async def receipt(self, request: web.Request) -> web.Response:
        """Let the provider report a status of a message."""
        receipt = await _read(Receipt, request)
        message = self._desk.store.find(receipt.provider_message_id)
        if message is None:
            raise _bad("provider_message_id", "is no message that was accepted", 404)
        try:
            return self._post(events.receipt(message, receipt.status, receipt.code))
        except events.NoSuchEventError as missing:
            raise _bad("status", str(missing)) from None

    def _post(self, webhook: events.Webhook) -> web.Response:
        if self._poster is None:
            return http.json_response({"posted": False, "reason": "started without --webhook-url or --receivers"})
        self._poster.put(lambda: [webhook])
        return http.json_response({"posted": True}, 202)


async def _read(model: type[_Model], request: web.Request) -> _Model:
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as error:
        first = error.errors()[0]
        raise _bad(".".join(str(part) for part in first["loc"]) or "body", first["msg"]) from None


def _bad(field: str, problem: str, status: int = 400) -> ProviderError:
    return ProviderError(status, {"error": f"{field}: {problem}", "field": field})


def _check_code(fault: Fault) -> None:
    if fault.kind in REFUSALS and not any(_can(answer, fault) for answer in _ANSWERS[fault.channel]):
        raise _bad("code", f"{fault.code} is no code {fault.channel} can answer with")


def _can(answer: Callable[[Fault, str], object], fault: Fault) -> bool:
    try:
        answer(fault, "0")
    except ValueError:
        return False
    return True


async def _write(response: web.StreamResponse, messages: Iterable[Message]) -> None:
    remaining = iter(messages)
    await response.write(b'{"messages": [')
    separator = b""
    while batch := [store.render(message) for message in islice(remaining, _LISTED_AT_ONCE)]:
        await response.write(separator + b", ".join(batch))
        separator = b", "
    await response.write(b"]}")

"""Telegram's Bot API: answers and error texts are those of its documentation and of the open-source server."""

import itertools
import json
from typing import Any

from aiohttp import web

from deploy.local.sandbox import accounts, bot_api_messages, http
from deploy.local.sandbox.bot_api_messages import BadRequestError, Sending
from deploy.local.sandbox.desk import Desk, Line, ProviderError
from deploy.local.sandbox.faults import Fault, Kind
from deploy.local.sandbox.fields import Json
from deploy.local.sandbox.store import Message

_PHRASES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    413: "Request Entity Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
}
_USUAL_ERRORS = {
    Kind.RECIPIENT: "403 Forbidden: bot was blocked by the user",
    Kind.CONTENT: "400 Bad Request: can't parse entities: unsupported start tag",
    Kind.CREDENTIALS: "401 Unauthorized",
    Kind.DEVICE: "401 Unauthorized",
    Kind.THROTTLE: "429",
    Kind.OUTAGE: "500 Internal Server Error: restart",
}
_DESCRIPTIONS = {400: "Bad Request: chat not found", 403: "Forbidden: bot was blocked by the user"}
_ALWAYS_TRUE = frozenset({"setwebhook", "deletewebhook", "sendchataction", "setmycommands", "logout", "close"})


def refuse(fault: Fault, _to: str) -> ProviderError:
    """Answer a fault as Telegram does.

    ``code`` is an error code, one with its description (``403 Forbidden: user is deactivated``), or the words of a 400
    (``PEER_ID_INVALID``).
    """
    code, _, description = (fault.code or _USUAL_ERRORS[fault.kind]).partition(" ")
    if not code.isdigit():
        return _error(400, f"Bad Request: {fault.code}")
    if code == "429":
        seconds = fault.retry_after or 1
        headers = {"Retry-After": str(seconds)}
        return _error(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds}, headers)
    if int(code) not in _PHRASES:
        raise ValueError(f"must be one of {', '.join(map(str, _PHRASES))}")
    return _error(int(code), description or _DESCRIPTIONS.get(int(code)) or _PHRASES[int(code)])


def _error(code: int, description: str, parameters: Json | None = None, headers: dict[str, str] | None = None) -> ProviderError:
    body: Json = {"ok": False, "error_code": code, "description": description}
    return ProviderError(code, body if parameters is None else {**body, "parameters": parameters}, headers)


class BotApi:
    """The HTTP interface."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ids = itertools.count(1)

    def routes(self) -> list[web.RouteDef]:
        """List what it answers, under ``/telegram``."""
        path = "/telegram/bot{token}/{method}"
        return [web.post(path, self.call), web.get(path, self.call)]

    async def call(self, request: web.Request) -> web.Response:
        """Answer a method; its name is matched without regard to case."""
        bot = _bot(request.match_info["token"])
        method = request.match_info["method"].lower()
        if method == "getme":
            return await self._get_me(bot, http.line_of(request))
        if bot_api_messages.is_send_method(method):
            return await self._send(request, bot, method)
        if method in _ALWAYS_TRUE:
            return _ok(True)  # noqa: FBT003 - the Bot API's result is a bare true.
        if method == "getwebhookinfo":
            return _ok({"url": "", "has_custom_certificate": False, "pending_update_count": 0})
        raise _error(404, "Not Found: method not found")

    async def _get_me(self, bot: int, line: Line) -> web.Response:
        standing = await self._desk.standing("telegram", line)
        if standing:
            raise refuse(standing, "")
        abilities = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
        return _ok({**_user(bot), **abilities})

    async def _send(self, request: web.Request, bot: int, method: str) -> web.Response:
        values = await _read_values(request)
        try:
            to, sending = bot_api_messages.chat_id(values), bot_api_messages.read(method, values)
        except BadRequestError as bad:
            raise _error(400, f"Bad Request: {bad}") from None
        line = http.line_of(request)
        message = self._message(bot, to, sending, values, line)
        await self._desk.take(message, line, refuse)
        result = _result(message, sending, bot)
        return _ok([result, {**result, "message_id": next(self._ids)}] if sending.type == "album" else result)

    def _message(self, bot: int, to: str, sending: Sending, values: Json, line: Line) -> Message:
        return Message(
            channel="telegram",
            provider="bot_api",
            sender=str(bot),
            to=to,
            type=sending.type,
            body=sending.body,
            raw=json.dumps(values).encode(),
            delivery_id=None,
            provider_message_id=f"{_chat(to)['id']}:{next(self._ids)}",
            started_at=line.started_at,
        )


def _bot(token: str) -> int:
    read = accounts.read_bot_token(token)
    if read is None:
        raise _error(404, "Not Found")
    bot, is_good = read
    if not is_good:
        raise _error(401, "Unauthorized")
    return bot


async def _read_values(request: web.Request) -> Json:
    """Read the parameters from the query, a form of either kind, or JSON."""
    if request.content_type != "application/json":
        return {**request.query, **await http.read_form(request)}
    try:
        values = json.loads(await request.read())
    except ValueError:
        raise _error(400, "Bad Request: can't parse JSON object") from None
    if not isinstance(values, dict):
        raise _error(400, "Bad Request: object expected")
    return values


def _ok(result: Any) -> web.Response:
    return http.json_response({"ok": True, "result": result})


def _user(bot: int) -> Json:
    return {"id": bot, "is_bot": True, "first_name": "Antar Sandbox", "username": f"antar_{bot}_bot"}


def _chat(to: str) -> Json:
    if to.startswith("@"):
        return {"id": -1_000_000_000_001, "type": "channel", "title": to, "username": to.removeprefix("@")}
    if to.startswith("-"):
        return {"id": int(to), "type": "supergroup", "title": "Sandbox group"}
    return {"id": int(to), "type": "private", "first_name": "Ann"}


def _result(message: Message, sending: Sending, bot: int) -> Json:
    return {
        "message_id": int(message.provider_message_id.partition(":")[2]),
        "from": _user(bot),
        "chat": _chat(message.to),
        "date": int(message.received_at),
        **sending.result,
    }

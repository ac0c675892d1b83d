"""The bots of a process: python-telegram-bot builds the requests, the process's connections carry them."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

import telegram
from telegram.error import TelegramError
from telegram.request import BaseRequest, RequestData

from shared.credentials.telegram import TelegramCredentials
from shared.domain.outcome import NotSent, Unknown
from worker.channels import http
from worker.channels.answers import Answer
from worker.channels.base import Wires
from worker.channels.telegram.messages import Call

_BOTS = 1_024


class _Exchanged(TelegramError):
    """What came of a request, before the library reads anything into it."""

    def __init__(self, answer: Answer | NotSent | Unknown) -> None:
        super().__init__("exchanged")
        self.answer = answer


class _Request(BaseRequest):
    """python-telegram-bot's HTTP layer: the exchange of all channels, within the limits of the process's connections."""

    def __init__(self, wires: Wires) -> None:
        self._wires = wires

    @property
    def read_timeout(self) -> float:
        """The seconds an answer may take."""
        return self._wires.timeouts.read

    async def initialize(self) -> None:
        """Open nothing: the connections are the process's."""

    async def shutdown(self) -> None:
        """Close nothing, likewise."""

    async def do_request(self, url: str, method: str, request_data: RequestData | None = None, *_: Any, **__: Any) -> NoReturn:
        """Make the request. Raises :class:`_Exchanged` with what came of it."""
        form = request_data.json_parameters if request_data else None
        raise _Exchanged(await http.exchange(http.Request(method=method, url=url, line=_line(method, url), form=form), self._wires))


def _line(method: str, url: str) -> str:
    """Give the request line without the token: ``POST /bot*/sendMessage``."""
    return f"{method} /bot*/{url.rpartition('/')[2]}"


@functools.lru_cache(maxsize=_BOTS)
def _bot(wires: Wires, token: str, base_url: str) -> telegram.Bot:
    """Make a client. It is not initialised: that would ask Telegram for the bot's name, which sending never needs."""
    request = _Request(wires)
    return telegram.Bot(token, base_url=f"{base_url}/bot", request=request, get_updates_request=request)


def get(credentials: TelegramCredentials, wires: Wires) -> telegram.Bot:
    """Give the client of a channel key; the least recently used are forgotten."""
    return _bot(wires, credentials.bot_token.get_secret_value(), credentials.base_url)


async def ask(bot: telegram.Bot, call: Call, chat_id: int | str) -> Answer | NotSent | Unknown:
    """Make one call and give Telegram's answer whole, or say what it means that there is none.

    The library's own reading takes longer than the call, and drops what a refusal's meaning depends on.
    """
    method: Callable[..., Awaitable[NoReturn]] = getattr(bot, call.method)
    try:
        await method(chat_id=chat_id, **call.arguments)
    except _Exchanged as exchanged:
        answer = exchanged.answer
    return answer

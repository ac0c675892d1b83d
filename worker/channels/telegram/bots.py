"""The bots of a process: python-telegram-bot's client over one pool of aiohttp connections."""

import functools
from http import HTTPStatus
from typing import Any

import telegram
from telegram.request import HTTPXRequest

from worker.channels import transport
from worker.channels.base import Timeouts
from worker.channels.telegram import answers
from worker.channels.telegram.credentials import TelegramCredentials

_BOTS = 1_024


class _Request(HTTPXRequest):
    """python-telegram-bot's HTTP layer, with Telegram's answers left whole."""

    def __init__(self) -> None:
        super().__init__(httpx_kwargs={"transport": transport.transport(), "cookies": transport.no_cookies()})

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """Make the request. Raises :class:`answers.RefusalError` unless the status says that it was accepted."""
        status, payload = await super().do_request(*args, **kwargs)
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise answers.RefusalError(answers.read_refusal(status, payload))
        return status, payload

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read an accepting answer, without the library's habit of logging those it cannot read."""
        return answers.read_acceptance(payload)


class Bots:
    """Clients by token and server; the least recently used are forgotten. They share one connection pool."""

    def __init__(self) -> None:
        self._request = _Request()
        self._bot = functools.lru_cache(maxsize=_BOTS)(self._new_bot)

    def _new_bot(self, token: str, base_url: str) -> telegram.Bot:
        """Make a client. It is not initialised: that would ask Telegram for the bot's name, which sending never needs."""
        return telegram.Bot(token, base_url=f"{base_url}/bot", request=self._request, get_updates_request=self._request)

    def get(self, credentials: TelegramCredentials) -> telegram.Bot:
        """Give the client of a channel key."""
        return self._bot(credentials.bot_token.get_secret_value(), credentials.base_url)

    async def close(self) -> None:
        """Close the connections."""
        await self._request.shutdown()


def in_time(timeouts: Timeouts) -> dict[str, float]:
    """Give the limits of one call as every method of :class:`telegram.Bot` takes them."""
    return {
        "connect_timeout": timeouts.connect,
        "read_timeout": timeouts.read,
        "write_timeout": timeouts.write,
        "pool_timeout": timeouts.pool,
    }

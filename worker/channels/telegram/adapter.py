"""A message to a chat, by a bot."""

import asyncio
from typing import Any
from uuid import UUID

import telegram
from telegram.error import TelegramError

from shared.domain.outcome import NotSent, Outcome, Sent, Trace
from worker.channels import base
from worker.channels.telegram import bots, errors, identity, messages
from worker.channels.telegram.answers import RefusalError
from worker.channels.telegram.credentials import TelegramCredentials
from worker.channels.telegram.limits import UnsendableError


def _sent(message: telegram.Message, call: messages.Call, **detail: int) -> Sent:
    trace = Trace(request=call.request, status=200)
    return Sent(provider_message_id=f"{message.chat_id}:{message.message_id}", detail=detail, trace=trace)


async def _call(bot: telegram.Bot, call: messages.Call, chat_id: int | str, timeouts: base.Timeouts) -> telegram.Message:
    """Make one request. Raises :class:`TelegramError`, and :class:`TimeoutError` when all limits together have run out."""
    async with asyncio.timeout(timeouts.pool + timeouts.connect + timeouts.write + timeouts.read):
        message: telegram.Message = await getattr(bot, call.method)(chat_id=chat_id, **call.arguments, **bots.in_time(timeouts))
    return message


class TelegramAdapter:
    """The channel ``telegram``."""

    credentials: type[base.Credentials] = TelegramCredentials
    look_up_after: float | None = None

    def __init__(self) -> None:
        self._bots = bots.Bots()

    async def send(self, envelope: base.Envelope, credentials: TelegramCredentials, wires: base.Wires) -> Outcome:
        """Send one message; to the group's new number at once when Telegram says that it moved."""
        try:
            call = messages.build(envelope.content)
        except UnsendableError as unsendable:
            return unsendable.outcome
        bot = self._bots.get(credentials)
        outcome = await _outcome(bot, call, _chat_id(envelope.target), wires.timeouts)
        return await _follow(outcome, bot, call, wires.timeouts)

    async def probe(self, credentials: TelegramCredentials, wires: base.Wires) -> base.Finding:
        """Ask Telegram who the bot is."""
        return await identity.probe(credentials, wires)

    async def look_up(
        self, delivery_id: UUID, target: str, credentials: TelegramCredentials, wires: base.Wires
    ) -> Sent | base.Absence:
        """Find nothing: the Bot API shows no message to the bot that sent it."""
        del delivery_id, target, credentials, wires
        return base.Absence.FOR_GOOD

    async def close(self) -> None:
        """Close the connections to Telegram."""
        await self._bots.close()


def _chat_id(target: str) -> int | str:
    """Give a canonical target as the Bot API takes it."""
    return target if target.startswith("@") else int(target)


async def _outcome(bot: telegram.Bot, call: messages.Call, chat_id: int | str, timeouts: base.Timeouts, **detail: Any) -> Outcome:
    try:
        return _sent(await _call(bot, call, chat_id, timeouts), call, **detail)
    except RefusalError as refused:
        return errors.outcome_of_refusal(refused.refusal, call.request)
    except (TelegramError, TimeoutError) as failure:
        return errors.outcome_of_failure(failure, call.request)


async def _follow(outcome: Outcome, bot: telegram.Bot, call: messages.Call, timeouts: base.Timeouts) -> Outcome:
    """Repeat a call that was refused because the chat has a new number, which the outcome's detail then names."""
    moved_to = outcome.detail.get("migrate_to_chat_id") if isinstance(outcome, NotSent) else None
    if moved_to is None:
        return outcome
    return await _outcome(bot, call, moved_to, timeouts, migrate_to_chat_id=moved_to)


def build() -> TelegramAdapter:
    """Make the process's adapter."""
    return TelegramAdapter()

"""A message to a chat, by a bot."""

from uuid import UUID

import telegram

from shared.credentials.base import Credentials
from shared.credentials.telegram import TelegramCredentials
from shared.domain.outcome import NotSent, Outcome, Sent
from worker.channels import answers, base
from worker.channels.answers import Answer
from worker.channels.telegram import bots, errors, identity, messages
from worker.channels.telegram.answers import message_in, refusal_in
from worker.channels.telegram.limits import UnsendableError


class TelegramAdapter:
    """The channel ``telegram``."""

    credentials: type[Credentials] = TelegramCredentials
    look_up_after: float | None = None

    async def send(self, envelope: base.Envelope, credentials: TelegramCredentials, wires: base.Wires) -> Outcome:
        """Send one message; to the group's new number at once when Telegram says that it moved."""
        try:
            call = messages.build(envelope.content)
        except UnsendableError as unsendable:
            return unsendable.outcome
        bot = bots.get(credentials, wires)
        return await _follow(await _outcome(bot, call, _chat_id(envelope.target)), bot, call)

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
        """Keep nothing, close nothing."""


def _chat_id(target: str) -> int | str:
    """Give a canonical target as the Bot API takes it."""
    return target if target.startswith("@") else int(target)


async def _outcome(bot: telegram.Bot, call: messages.Call, chat_id: int | str, **detail: int) -> Outcome:
    answer = await bots.ask(bot, call, chat_id)
    return _judge(answer, detail) if isinstance(answer, Answer) else answer


def _judge(answer: Answer, detail: dict[str, int]) -> Outcome:
    document = answer.document()
    refusal = refusal_in(answer, document)
    if refusal:
        return errors.outcome_of_refusal(refusal, answer.request)
    message = message_in(document)
    return Sent(provider_message_id=message, detail=detail, trace=answer.trace()) if message else answers.unreadable(answer)


async def _follow(outcome: Outcome, bot: telegram.Bot, call: messages.Call) -> Outcome:
    """Repeat a call that was refused because the chat has a new number, which the outcome's detail then names."""
    moved_to = outcome.detail.get("migrate_to_chat_id") if isinstance(outcome, NotSent) else None
    return outcome if moved_to is None else await _outcome(bot, call, moved_to, migrate_to_chat_id=moved_to)


def build() -> TelegramAdapter:
    """Make the process's adapter."""
    return TelegramAdapter()

"""Whether Telegram knows the bot: its ``getMe``.

It is asked without python-telegram-bot, which here builds messages only.
"""

from typing import Final

from shared.credentials.telegram import TelegramCredentials
from worker.channels import answers, http
from worker.channels.answers import Answer
from worker.channels.base import Finding, Wires
from worker.channels.telegram import errors
from worker.channels.telegram.answers import refusal_in

_LINE: Final = "GET /bot*/getMe"


async def probe(credentials: TelegramCredentials, wires: Wires) -> Finding:
    """Ask who the bot is."""
    url = f"{credentials.base_url}/bot{credentials.bot_token.get_secret_value()}/getMe"
    answer = await http.exchange(http.Request(method="GET", url=url, line=_LINE), wires)
    return finding_of(answer) if isinstance(answer, Answer) else answer


def finding_of(answer: Answer) -> Finding:
    """Read the answer."""
    document = answer.document()
    refusal = refusal_in(answer, document)
    if refusal:
        return errors.outcome_of_refusal(refusal, answer.request)
    known = document.get("ok") is True and isinstance(document.get("result"), dict)
    return None if known else answers.unreadable(answer)

"""Whether Telegram knows the bot: its ``getMe``.

It is asked without python-telegram-bot, which here is set up to read answers to messages only.
"""

from typing import Final

from worker.channels import answers, http
from worker.channels.answers import Answer
from worker.channels.base import Finding, Wires
from worker.channels.telegram import errors
from worker.channels.telegram.answers import read_refusal
from worker.channels.telegram.credentials import TelegramCredentials

_LINE: Final = "GET /bot*/getMe"
_BAD_REQUEST: Final = 400


async def probe(credentials: TelegramCredentials, wires: Wires) -> Finding:
    """Ask who the bot is."""
    url = f"{credentials.base_url}/bot{credentials.bot_token.get_secret_value()}/getMe"
    answer = await http.exchange(http.Request(method="GET", url=url, line=_LINE), wires)
    return finding_of(answer) if isinstance(answer, Answer) else answer


def finding_of(answer: Answer) -> Finding:
    """Read the answer. A proxy may pass on ``{"ok": false}`` as a success."""
    document = answer.document()
    if not answer.accepted or document.get("ok") is False:
        status = _BAD_REQUEST if answer.accepted else answer.status
        return errors.outcome_of_refusal(read_refusal(status, answer.body), answer.request)
    known = document.get("ok") is True and isinstance(document.get("result"), dict)
    return None if known else answers.unreadable(answer)

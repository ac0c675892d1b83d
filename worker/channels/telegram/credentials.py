"""What a Telegram channel key holds."""

from typing import Annotated

from pydantic import AfterValidator, SecretStr

from worker.channels.base import Credentials
from worker.channels.endpoints import BaseUrl


def _usable_token(value: SecretStr) -> SecretStr:
    """Refuse what would change the path it is put into; whether the token is alive is Telegram's to say."""
    token = value.get_secret_value()
    if not (token.isascii() and token.replace(":", "").replace("_", "").replace("-", "").isalnum()):
        raise ValueError("a bot token holds letters, digits, ':', '_' and '-' only")
    return value


class TelegramCredentials(Credentials):
    """A bot, and where its Bot API server is."""

    bot_token: Annotated[SecretStr, AfterValidator(_usable_token)]
    base_url: BaseUrl = "https://api.telegram.org"
    """Everything before ``/bot<token>/<method>``."""

"""What a Telegram channel key holds."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, SecretStr

from shared.credentials.base import Credentials
from shared.credentials.endpoints import BaseUrl

_SECRET_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")


def _usable_token(value: SecretStr) -> SecretStr:
    """Refuse what would change the path it is put into; whether the token is alive is Telegram's to say."""
    token = value.get_secret_value()
    if not (token.isascii() and token.replace(":", "").replace("_", "").replace("-", "").isalnum()):
        raise ValueError("a bot token holds letters, digits, ':', '_' and '-' only")
    return value


def _secret_token(value: SecretStr) -> SecretStr:
    if not _SECRET_TOKEN.fullmatch(value.get_secret_value()):
        raise ValueError("a secret token holds 1 to 256 letters, digits, '_' and '-' only")
    return value


class TelegramCredentials(Credentials):
    """A bot, and where its Bot API server is."""

    bot_token: Annotated[SecretStr, AfterValidator(_usable_token)]
    base_url: BaseUrl = "https://api.telegram.org"
    """Everything before ``/bot<token>/<method>``."""
    webhook_secret: Annotated[SecretStr, AfterValidator(_secret_token)] | None = None
    """The ``secret_token`` that was given to ``setWebhook``; without it no update is taken."""

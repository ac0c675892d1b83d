"""The accounts the sandbox knows, as the credentials antar's channel keys hold.

A secret is good when it begins with ``sandbox-``, so every ``number`` is an account of its own; any other secret is refused
the way the provider refuses a wrong one. Phone number ids are good when they begin with :data:`PHONE_NUMBER_ID_PREFIX`.
"""

import re
from typing import Any

PREFIX = "sandbox-"
PHONE_NUMBER_ID_PREFIX = "15550"
WABA_ID = "155500000000000"
APP_SECRET = "sandbox-app-secret"  # noqa: S105 - a made-up secret both sides of the stand-in know.
VERIFY_TOKEN = "sandbox-verify-token"  # noqa: S105 - likewise.
WAHA_HMAC_KEY = "sandbox-waha-hmac"
GOWA_WEBHOOK_SECRET = "sandbox-gowa-secret"  # noqa: S105 - likewise.
TELEGRAM_SECRET_TOKEN = "sandbox-telegram-secret"  # noqa: S105 - likewise.

OWN_NUMBER = "15550001111"
"""The WhatsApp number every sandbox sender has."""

_BOT_TOKEN = re.compile(r"(\d+):([A-Za-z0-9_-]+)")

Credentials = dict[str, Any]


def is_good(secret: str) -> bool:
    """Tell whether a key, token or password is one the sandbox accepts."""
    return secret.startswith(PREFIX)


def is_known_sender(name: str) -> bool:
    """Tell whether a WAHA session or a GOWA device of this name exists: ``default`` or ``sandbox-...``."""
    return name == "default" or is_good(name)


def read_bot_token(token: str) -> tuple[int, bool] | None:
    """Give the bot's id and whether the token is good; ``None`` when it is malformed."""
    match = _BOT_TOKEN.fullmatch(token)
    return (int(match[1]), is_good(match[2])) if match else None


def waha(base: str, number: int = 1) -> Credentials:
    """Give the credentials of a WAHA session; ``base`` is the sandbox's ``http://host:port``."""
    return {
        "gateway": "waha",
        "base_url": f"{base}/waha",
        "api_key": f"{PREFIX}waha-{number}",
        "session": _sender(number),
        "webhook_secret": WAHA_HMAC_KEY,
    }


def gowa(base: str, number: int = 1) -> Credentials:
    """Give the credentials of a GOWA device; the key is the user and the password of HTTP Basic."""
    return {
        "gateway": "gowa",
        "base_url": f"{base}/gowa",
        "api_key": f"{PREFIX}gowa-{number}:{PREFIX}gowa-{number}",
        "session": _sender(number),
        "webhook_secret": GOWA_WEBHOOK_SECRET,
    }


def fonnte(base: str, number: int = 1) -> Credentials:
    """Give the credentials of a Fonnte device; the token names the device, so the session says nothing."""
    return {"gateway": "fonnte", "base_url": f"{base}/fonnte", "api_key": f"{PREFIX}fonnte-{number}", "session": _sender(number)}


def waba(base: str, number: int = 1) -> Credentials:
    """Give the credentials of a business phone number."""
    return {
        "phone_number_id": f"{PHONE_NUMBER_ID_PREFIX}{number:010}",
        "access_token": f"{PREFIX}meta-{number}",
        "app_secret": APP_SECRET,
        "verify_token": VERIFY_TOKEN,
        "waba_id": WABA_ID,
        "api_version": "v23.0",
        "base_url": f"{base}/graph",
    }


def telegram(base: str, number: int = 1) -> Credentials:
    """Give the credentials of a bot, its token as long as a real one."""
    return {
        "bot_token": f"{bot_id(number)}:" + f"{PREFIX}bot-{number}-".ljust(35, "x"),
        "base_url": f"{base}/telegram",
        "webhook_secret": TELEGRAM_SECRET_TOKEN,
    }


def bot_id(number: int = 1) -> str:
    """Give the id of a bot, which its token begins with."""
    return str(7_000_000_000 + number)


def email(host: str, port: int, number: int = 1, security: str = "none", ca_certificate: str | None = None) -> Credentials:
    """Give the credentials of a mailer; ``security`` is the port's, and the PEM certificate what a client is to trust."""
    trust = {} if ca_certificate is None else {"ca_certificate": ca_certificate}
    return {
        **trust,
        "host": host,
        "port": port,
        "security": security,
        "username": f"mailer-{number}@sandbox.example",
        "password": f"{PREFIX}smtp-{number}",
        "from_address": f"hello-{number}@sandbox.example",
        "from_name": "Antar Sandbox",
    }


def _sender(number: int) -> str:
    return "default" if number == 1 else f"{PREFIX}{number}"

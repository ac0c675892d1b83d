"""One good request for each provider, as plain clients make it."""

import asyncio
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import aiosmtplib
import httpx

from deploy.local.sandbox import accounts
from tests.integration.sandbox.conftest import Sandbox

Json = dict[str, Any]

DELIVERY = UUID("019a0b2c-3d4e-7f60-8182-93a4b5c6d7e8")
NUMBER = "628111000111"
CHAT = "42"
MAILBOX = "ann@test.example"

_GOWA_PASSWORD = "sandbox-gowa-1"
_FONNTE_TOKEN = "sandbox-fonnte-1"
_META_TOKEN = "sandbox-meta-1"


def waha(sandbox: Sandbox, action: str = "sendText", *, key: str = "sandbox-waha-1", **fields: object) -> httpx.Response:
    content = {"text": "Halo"} if action == "sendText" else {}
    body = {"session": "default", "chatId": f"{NUMBER}@c.us", **content, **fields}
    return sandbox.http.post(f"/waha/api/{action}", json=body, headers={"X-Api-Key": key})


def gowa(sandbox: Sandbox, kind: str = "message", *, password: str = _GOWA_PASSWORD, **fields: object) -> httpx.Response:
    content = {"message": "Halo"} if kind == "message" else {}
    body = {"phone": f"{NUMBER}@s.whatsapp.net", **content, **fields}
    auth, headers = ("antar", password), {"X-Device-Id": "default"}
    return sandbox.http.post(f"/gowa/send/{kind}", json=body, auth=auth, headers=headers)


def fonnte(sandbox: Sandbox, *, token: str = _FONNTE_TOKEN, **fields: str) -> httpx.Response:
    form = {"target": NUMBER, "message": "Halo", **fields}
    return sandbox.http.post("/fonnte/send", data=form, headers={"Authorization": token})


def meta(sandbox: Sandbox, *, token: str = _META_TOKEN, number: int | str = 1, **fields: object) -> httpx.Response:
    credentials = accounts.waba(sandbox.base, number) if isinstance(number, int) else {"phone_number_id": number}
    body = {"messaging_product": "whatsapp", "to": NUMBER, "type": "text", "text": {"body": "Halo"}, **fields}
    path = f"/graph/v23.0/{credentials['phone_number_id']}/messages"
    return sandbox.http.post(path, json=body, headers={"Authorization": f"Bearer {token}"})


def telegram(sandbox: Sandbox, method: str = "sendMessage", *, token: str | None = None, **fields: object) -> httpx.Response:
    content = {"text": "Halo"} if method == "sendMessage" else {}
    bot = token or accounts.telegram(sandbox.base)["bot_token"]
    return sandbox.http.post(f"/telegram/bot{bot}/{method}", json={"chat_id": CHAT, **content, **fields})


def letter(to: str = MAILBOX, text: str = "Dear Ann") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "hello-1@sandbox.example"
    message["To"] = to
    message["Subject"] = "Hello"
    message["Message-ID"] = f"<{DELIVERY.hex}@sandbox.example>"
    message.set_content(text)
    return message


async def mail_async(account: Json, message: EmailMessage, certificate: str | None = None, timeout: float = 10) -> str:  # noqa: ASYNC109 - the client's own.
    client = aiosmtplib.SMTP(
        hostname=account["host"],
        port=account["port"],
        use_tls=account["security"] == "tls",
        start_tls=account["security"] == "starttls",
        tls_context=ssl.create_default_context(cafile=certificate) if certificate else None,
        timeout=timeout,
    )
    async with client:
        await client.login(account["username"], account["password"])
        _, reply = await client.send_message(message)
    return reply


def mail(account: Json, message: EmailMessage | None = None, certificate: str | None = None, timeout: float = 10) -> str:
    return asyncio.run(mail_async(account, message or letter(), certificate, timeout))


HTTP: dict[str, tuple[str, str, Callable[[Sandbox], httpx.Response]]] = {
    "waha": ("whatsapp", NUMBER, waha),
    "gowa": ("whatsapp", NUMBER, gowa),
    "fonnte": ("whatsapp", NUMBER, fonnte),
    "cloud_api": ("waba", NUMBER, meta),
    "bot_api": ("telegram", CHAT, telegram),
}
"""Each HTTP provider's channel, the recipient of its good request, and the request."""

"""The providers' HTTP interfaces, as far as texts need them: WAHA, Telegram's Bot API and Meta's Cloud API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploy.local.sandbox import accounts


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """Where a channel's texts are posted to, and with which headers."""

    url: str
    headers: Mapping[str, str]


def endpoints(provider_url: str) -> dict[str, Endpoint]:
    """Give the endpoint of each channel; ``provider_url`` is the stand-in's, with the accounts and paths of the sandbox."""
    waha, bot, number = accounts.waha(provider_url), accounts.telegram(provider_url), accounts.waba(provider_url)
    cloud = f"{number['base_url']}/{number['api_version']}/{number['phone_number_id']}/messages"
    return {
        "whatsapp": Endpoint(url=f"{waha['base_url']}/api/sendText", headers={"X-Api-Key": waha["api_key"]}),
        "telegram": Endpoint(url=f"{bot['base_url']}/bot{bot['bot_token']}/sendMessage", headers={}),
        "waba": Endpoint(url=cloud, headers={"Authorization": f"Bearer {number['access_token']}"}),
    }


def body(channel: str, target: str, text: str) -> dict[str, Any]:
    """Build the body of a text."""
    if channel == "whatsapp":
        return {"session": "default", "chatId": f"{target}@c.us", "text": text}
    if channel == "telegram":
        return {"chat_id": target, "text": text}
    return {"messaging_product": "whatsapp", "to": target, "type": "text", "text": {"body": text}}


def message_id(channel: str, answer: Mapping[str, Any]) -> str:
    """Read the id that the provider gave a message it took."""
    if channel == "whatsapp":
        return str(answer["id"])
    return str(answer["result"]["message_id"] if channel == "telegram" else answer["messages"][0]["id"])

"""Keys of each channel that lead nowhere: nothing listens there."""

from typing import Any, Final

from shared.domain.channels import Channel

CREDENTIALS: Final[dict[Channel, dict[str, Any]]] = {
    Channel.TELEGRAM: {"bot_token": "1:a", "base_url": "http://127.0.0.1:1"},
    Channel.EMAIL: {"host": "127.0.0.1", "port": 1, "security": "none", "from_address": "a@shop.example"},
    Channel.WABA: {"phone_number_id": "1", "access_token": "a", "base_url": "http://127.0.0.1:1"},
    Channel.WHATSAPP: {"gateway": "waha", "api_key": "a", "base_url": "http://127.0.0.1:1"},
}

"""Credentials of each channel, every secret of them easily recognised."""

from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

SECRET = "s3cr3t"

_PEM = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048)
    .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    .decode()
)
PEM_LINE = _PEM.splitlines()[5]

OF_CHANNEL: dict[str, dict[str, Any]] = {
    "whatsapp": {"gateway": "waha", "base_url": "https://waha.example", "api_key": f"{SECRET}-waha", "session": "default"},
    "waba": {
        "phone_number_id": "155500000000001",
        "access_token": f"{SECRET}-meta",
        "app_secret": f"{SECRET}-app",
        "waba_id": "155500000000000",
        "api_version": "v23.0",
        "base_url": "https://graph.example",
    },
    "telegram": {"bot_token": f"7000000001:{SECRET}-bot-xxxxxxxxxxxxxxxxxxxxxxxx", "base_url": "https://bots.example"},
    "email": {
        "host": "smtp.example",
        "port": 587,
        "security": "starttls",
        "username": "mailer",
        "password": f"{SECRET}-smtp",
        "from_address": "hello@shop.example",
        "dkim": {"domain": "shop.example", "selector": "antar", "private_key": _PEM},
    },
}

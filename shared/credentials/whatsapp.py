"""What a WhatsApp channel key holds."""

from enum import StrEnum
from typing import Self

from pydantic import model_validator

from shared.credentials.base import Credentials
from shared.credentials.endpoints import BaseUrl, HeaderSecret, HeaderText, WebhookSecret


class GatewayName(StrEnum):
    """The device gateways that are spoken."""

    WAHA = "waha"
    GOWA = "gowa"
    FONNTE = "fonnte"


class WhatsappCredentials(Credentials):
    """A linked device, and the gateway that drives it."""

    gateway: GatewayName
    base_url: BaseUrl
    api_key: HeaderSecret
    """WAHA's ``X-Api-Key``; GOWA's Basic ``user:password``; Fonnte's device token."""
    session: HeaderText | None = None
    """WAHA's session, ``default`` when unset; GOWA's ``X-Device-Id``; Fonnte knows the device by its token."""

    webhook_secret: WebhookSecret | None = None
    """What the gateway signs its webhooks with; without it none is taken."""

    @model_validator(mode="after")
    def _gowa_needs_a_user(self) -> Self:
        if self.gateway is GatewayName.GOWA and ":" not in self.api_key.get_secret_value():
            raise ValueError("the api_key of a gowa key is user:password")
        return self

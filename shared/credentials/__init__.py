"""What the keys of each channel hold: one module a channel, each with one model. The api takes them, the worker uses them."""

from typing import Final

from shared.credentials.base import Credentials
from shared.credentials.email import EmailCredentials
from shared.credentials.telegram import TelegramCredentials
from shared.credentials.waba import WabaCredentials
from shared.credentials.whatsapp import WhatsappCredentials
from shared.domain.channels import Channel

MODELS: Final[dict[Channel, type[Credentials]]] = {
    Channel.WHATSAPP: WhatsappCredentials,
    Channel.WABA: WabaCredentials,
    Channel.TELEGRAM: TelegramCredentials,
    Channel.EMAIL: EmailCredentials,
}

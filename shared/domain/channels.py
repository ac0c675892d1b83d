"""The four channels a message can leave by."""

from enum import StrEnum


class Channel(StrEnum):
    """A way to reach a recipient; the value is its name on the wire and in the database."""

    WHATSAPP = "whatsapp"
    """A WhatsApp account driven through a device gateway."""
    WABA = "waba"
    """WhatsApp Business, over Meta's Cloud API."""
    TELEGRAM = "telegram"
    """A Telegram bot."""
    EMAIL = "email"
    """Email over SMTP submission."""

    @property
    def label(self) -> str:
        """The channel's name in texts for people, as in ``WhatsApp template not found``."""
        return _LABELS[self]


_LABELS = {
    Channel.WHATSAPP: "WhatsApp",
    Channel.WABA: "WABA",
    Channel.TELEGRAM: "Telegram",
    Channel.EMAIL: "Email",
}

"""The names that gateways give chats."""

from typing import Any, Final

from shared.domain import targets
from shared.domain.channels import Channel

_PERSONS: Final = ("@c.us", "@s.whatsapp.net", "@lid")


def person(*chats: Any) -> str | None:
    """Give the canonical address of the first of some names that is a person's; ``None`` for groups, channels and the like.

    A number goes before an id that hides one: it is what messages are sent to.
    """
    named = [_without_device(chat) for chat in chats if isinstance(chat, str) and chat.endswith(_PERSONS)]
    known = [address for chat in named if (address := targets.normalise(Channel.WHATSAPP, chat))]
    return next((address for address in known if "@" not in address), next(iter(known), None))


def _without_device(chat: str) -> str:
    """Drop the number of the person's device: ``62812:3@s.whatsapp.net`` is the same person as ``62812@s.whatsapp.net``."""
    name, _, domain = chat.partition("@")
    return f"{name.partition(':')[0]}@{domain}"

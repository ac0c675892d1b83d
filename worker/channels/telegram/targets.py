"""Who can be written to: a chat's number, or the public name of a channel or group."""

import re

_CHAT_ID = re.compile(r"-?[1-9][0-9]*")
_USERNAME = re.compile(r"@[a-z][a-z0-9_]{3,31}")

_SIGNIFICANT_BITS = 52
"""The Bot API promises that identifiers have no more."""


def normalise(target: str) -> str | None:
    """Give ``-1001234567890`` or ``@name`` (their case does not matter to Telegram), or ``None`` for anything else."""
    target = target.strip().lower()
    if _USERNAME.fullmatch(target):
        return target
    return target if _CHAT_ID.fullmatch(target) and int(target).bit_length() <= _SIGNIFICANT_BITS else None


def chat_id(target: str) -> int | str:
    """Give a normalised target as the Bot API takes it."""
    return target if target.startswith("@") else int(target)

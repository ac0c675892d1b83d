"""The WhatsApp message ids that antar chooses, from which a delivery can be found again."""

import re
from typing import Final
from uuid import UUID

_PREFIX: Final = "3EB0"
"""What WhatsApp's own web client begins its ids with."""

_LONG_FORM: Final = re.compile(r"(?:true|false)_[^_]*_([^_]+)")
_OURS: Final = re.compile(rf"(?:^|_){_PREFIX}([0-9A-F]{{32}})(?:_|$)")


def message_id(delivery_id: UUID) -> str:
    """Give a delivery's message id: always the same, and in the form WhatsApp's clients use."""
    return _PREFIX + delivery_id.hex.upper()


def delivery_id(message_id: str) -> UUID | None:
    """Recover the delivery from its message id; ``None`` when another chose the id.

    Takes the bare id and WAHA's long form, ``true_<chat>_<id>`` with the participant at the end in groups.
    """
    found = _OURS.search(message_id)
    return UUID(hex=found[1]) if found else None


def bare(message_id: str) -> str:
    """Give WhatsApp's own id of a message: WAHA writes the chat before it, and in groups the participant behind it."""
    found = _LONG_FORM.match(message_id)
    return found[1] if found else message_id

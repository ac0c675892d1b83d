"""What Telegram refuses whatever the rest says, known before the call (Bot API, ``sendMessage`` and following)."""

from typing import Self

from shared.domain.outcome import Action, Code, NotSent

TEXT_UNITS = 4096
CAPTION_UNITS = 1024
CALLBACK_DATA_BYTES = 64


class UnsendableError(Exception):
    """The content can never be sent by Telegram, so it is not called."""

    def __init__(self, code: Code, reason: str, detail: dict[str, int | str] | None = None) -> None:
        super().__init__(reason)
        self.outcome = NotSent(code=code, reason=reason, action=Action.PERMANENT, detail=dict(detail or {}))

    @classmethod
    def too_large(cls, field: str, limit: int, unit: str, size: int) -> Self:
        """Name the field and its limit."""
        detail: dict[str, int | str] = {"field": field, "limit": limit, "size": size}
        return cls(Code.CONTENT_TOO_LARGE, f"{field} is longer than {limit} {unit}", detail)


def _utf16_units(text: str) -> int:
    """Count as Telegram does: what lies outside the basic plane, such as most emoji, counts twice."""
    return len(text.encode("utf-16-le")) // 2


def within(field: str, text: str, limit: int) -> str:
    """Give the text back. Raises :class:`UnsendableError` when it is longer than ``limit`` UTF-16 code units."""
    size = _utf16_units(text)
    if size > limit:
        raise UnsendableError.too_large(field, limit, "characters", size)
    return text

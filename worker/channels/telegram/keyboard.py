"""Buttons and lists as inline keyboards."""

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from shared.domain.content import Button, ListMessage, ListRow, ListSection, RichContext
from shared.domain.outcome import Code
from worker.channels.telegram.limits import CALLBACK_DATA_BYTES, UnsendableError


def _callback_data(identifier: str) -> str:
    """Check what comes back when a button is pressed."""
    size = len(identifier.encode())
    if size > CALLBACK_DATA_BYTES:
        raise UnsendableError.too_large("button id", CALLBACK_DATA_BYTES, "bytes", size)
    return identifier


def _button(text: str, *, identifier: str, url: str | None = None) -> InlineKeyboardButton:
    if not text.strip():
        raise UnsendableError(Code.CONTENT_INVALID, "a button needs a text")
    if url:
        return InlineKeyboardButton(text, url=url)
    return InlineKeyboardButton(text, callback_data=_callback_data(identifier or text))


def _button_row(row: tuple[Button, ...]) -> list[InlineKeyboardButton]:
    return [_button(button.text, identifier=button.id or "", url=button.url) for button in row]


def _list_rows(menu: ListMessage) -> list[list[InlineKeyboardButton]]:
    """Give every choice a row of its own: Telegram has no menu that opens."""
    return [[_button(row.title, identifier=row.id)] for section in menu.sections for row in section.rows]


def build(rich_context: RichContext) -> InlineKeyboardMarkup | None:
    """Give the keyboard below a message, or ``None``. Raises :class:`UnsendableError`."""
    rows = [_button_row(row) for row in rich_context.buttons or () if row]
    if rich_context.list_message:
        rows += _list_rows(rich_context.list_message)
    return InlineKeyboardMarkup(rows) if rows else None


def _choice(row: ListRow) -> str:
    return f"• {row.title}: {row.description}" if row.description else f"• {row.title}"


def _section(section: ListSection) -> str:
    return "\n".join(filter(None, [section.title, *map(_choice, section.rows)]))


def list_text(menu: ListMessage | None) -> str:
    """Give the list's title, sections and descriptions as text, since a keyboard holds the choices' titles only."""
    return "\n\n".join(filter(None, [menu.title, *map(_section, menu.sections)])) if menu else ""

"""Messages with something to tap: reply buttons, one link, or a list (Cloud API, interactive messages)."""

import ipaddress
from collections.abc import Sequence
from typing import Final

from shared.domain.content import Button, JsonObject, ListMessage, ListRow, ListSection, Message, MessageType, RichContext
from worker.channels import files
from worker.channels.waba import limits

_HEADERS: Final = {MessageType.IMAGE: "image", MessageType.VIDEO: "video", MessageType.DOCUMENT: "document"}
_MENU: Final = "Menu"
"""What opens a list that was written as buttons."""


def has_options(context: RichContext) -> bool:
    """Whether there is anything to tap."""
    return bool(_buttons(context) or context.list_message)


def build(message: Message) -> JsonObject:
    """Build the ``interactive`` object. Raises :class:`worker.channels.waba.limits.UnsendableError`."""
    context = message.rich_context
    body = {"text": limits.filled("message", message.message, limits.INTERACTIVE_BODY)}
    footer = context.footer
    below = {"footer": {"text": limits.within("richContext.footer", footer, limits.FOOTER)}} if footer else {}
    return {**_shape(message, _buttons(context)), "body": body, **below}


def _buttons(context: RichContext) -> list[Button]:
    return [button for row in context.buttons or () for button in row]


def _shape(message: Message, buttons: Sequence[Button]) -> JsonObject:
    """Give what depends on the options: the type, the action and the header."""
    menu = message.rich_context.list_message
    if menu and buttons:
        raise limits.invalid("richContext has both buttons and a listMessage; Meta takes one of them")
    if menu:
        return _list(message, menu)
    if not buttons:
        raise limits.invalid("an interactive message needs richContext.buttons or richContext.listMessage")
    return _links(message, buttons) if any(button.url for button in buttons) else _replies(message, buttons)


def _links(message: Message, buttons: Sequence[Button]) -> JsonObject:
    if len(buttons) > 1:
        raise limits.invalid("richContext.buttons: Meta takes one button with a url alone, or buttons without urls")
    return {**_media_header(message), "type": "cta_url", "action": {"name": "cta_url", "parameters": _link(buttons[0])}}


def _link(button: Button) -> JsonObject:
    url = limits.link("richContext.buttons.url", button.url)
    if _is_address(files.host(url)):
        raise limits.invalid("richContext.buttons.url must name a host, not an IP address")
    return {"display_text": limits.filled("richContext.buttons.text", button.text, limits.BUTTON_TITLE), "url": url}


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _replies(message: Message, buttons: Sequence[Button]) -> JsonObject:
    if len(buttons) > limits.BUTTONS:
        return _list(message, _as_list(buttons))
    replies = [_reply(button) for button in buttons]
    limits.distinct("the texts of richContext.buttons", (reply["title"] for reply in replies))
    limits.distinct("the ids of richContext.buttons", (reply["id"] for reply in replies))
    action = {"buttons": [{"type": "reply", "reply": reply} for reply in replies]}
    return {**_media_header(message), "type": "button", "action": action}


def _reply(button: Button) -> dict[str, str]:
    title = limits.filled("richContext.buttons.text", button.text, limits.BUTTON_TITLE)
    return {"id": limits.filled("richContext.buttons.id", _id_of(button), limits.BUTTON_ID), "title": title}


def _id_of(button: Button) -> str:
    """Give the id that comes back when the button is tapped; Meta takes none with spaces around it."""
    return (button.id or button.text).strip()


def _as_list(buttons: Sequence[Button]) -> ListMessage:
    limits.at_most("richContext.buttons", buttons, limits.LIST_ROWS)
    rows = tuple(ListRow(id=_id_of(button), title=button.text) for button in buttons)
    return ListMessage(button=_MENU, sections=(ListSection(rows=rows),))


def _list(message: Message, menu: ListMessage) -> JsonObject:
    if message.rich_context.file_url:
        raise limits.invalid("richContext.fileUrl: Meta takes no file with a list, which more than three buttons become")
    limits.at_most("richContext.listMessage.sections", menu.sections, limits.LIST_SECTIONS)
    rows = [row for section in menu.sections for row in section.rows]
    limits.at_most("richContext.listMessage.sections.rows", rows, limits.LIST_ROWS)
    limits.distinct("the ids of richContext.listMessage.sections.rows", (row.id for row in rows))
    button = limits.filled("richContext.listMessage.button", menu.button, limits.BUTTON_TITLE)
    sections = [_section(section, titled=len(menu.sections) > 1) for section in menu.sections]
    return {**_text_header(menu.title), "type": "list", "action": {"button": button, "sections": sections}}


def _section(section: ListSection, *, titled: bool) -> JsonObject:
    """Build a section; its title may be missing only when it is the only one."""
    rows = {"rows": [_row(row) for row in section.rows]}
    if not titled and not section.title:
        return rows
    return {"title": limits.filled("richContext.listMessage.sections.title", section.title, limits.SECTION_TITLE), **rows}


def _row(row: ListRow) -> JsonObject:
    field = "richContext.listMessage.sections.rows"
    built: JsonObject = {
        "id": limits.filled(f"{field}.id", row.id, limits.ROW_ID),
        "title": limits.filled(f"{field}.title", row.title, limits.ROW_TITLE),
    }
    if row.description:
        built["description"] = limits.within(f"{field}.description", row.description, limits.ROW_DESCRIPTION)
    return built


def _text_header(title: str | None) -> JsonObject:
    if not title:
        return {}
    return {"header": {"type": "text", "text": limits.within("richContext.listMessage.title", title, limits.HEADER)}}


def _media_header(message: Message) -> JsonObject:
    context = message.rich_context
    if not context.file_url and message.type not in _HEADERS:
        return {}
    url = limits.link("richContext.fileUrl", context.file_url)
    kind = _HEADERS.get(message.type) or _kind_of_file(files.mimetype(context.file_name, url))
    media: JsonObject = {"link": url}
    if kind == "document" and context.file_name:
        media["filename"] = context.file_name
    return {"header": {"type": kind, kind: media}}


def _kind_of_file(mimetype: str | None) -> str:
    """Tell a picture and a film; anything else is a document."""
    major = (mimetype or "").partition("/")[0]
    return major if major in {"image", "video"} else "document"

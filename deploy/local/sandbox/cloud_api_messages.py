"""What the Cloud API takes: the fields of each type of message, and their documented limits."""

import re

from deploy.local.sandbox.fields import Fields, InvalidFieldError, is_http_url

_TO = re.compile(r"\+?\d{5,20}")
_CAPTIONED = frozenset({"image", "video", "document"})
_MEDIA = frozenset({"image", "video", "document", "audio", "sticker"})
_MEDIA_FIELDS = frozenset({"id", "link", "caption", "filename"})
_COMPONENTS = frozenset({"header", "body", "button"})
_HEADERS = frozenset({"text", "image", "video", "document"})
_MAX_ROWS = 10


class UnsupportedTypeError(Exception):
    """The message's type is none that can be sent."""


def recipient(fields: Fields) -> str:
    """Check the fields all messages share and give the number they go to."""
    if fields.text("messaging_product") != "whatsapp":
        raise fields.wrong("messaging_product", "must be whatsapp")
    if "recipient_type" in fields:
        fields.choice("recipient_type", frozenset({"individual", "group"}))
    if "biz_opaque_callback_data" in fields:
        fields.text("biz_opaque_callback_data", 512)
    to = fields.text("to")
    if not _TO.fullmatch(to):
        raise fields.wrong("to", "must be a phone number")
    return to.removeprefix("+")


def body(kind: str, fields: Fields) -> str:
    """Check the fields of a message of this type and give its text."""
    if kind in _MEDIA:
        return _media(kind, fields.object(kind))
    match kind:
        case "text":
            return fields.object("text").text("body", 4096)
        case "location":
            return _location(fields.object("location"))
        case "interactive":
            return _interactive(fields.object("interactive"))
        case "template":
            return _template(fields.object("template"))
        case _:
            raise UnsupportedTypeError(kind)


def _media(kind: str, media: Fields) -> str:
    unknown = set(media.values) - _MEDIA_FIELDS
    if unknown:
        raise media.wrong(unknown.pop(), "is not an allowed parameter")
    _check_source(media)
    if kind not in _CAPTIONED and "caption" in media:
        raise media.wrong("caption", f"is not allowed for {kind}")
    return media.text_or("caption", "", 1024)


def _check_source(media: Fields) -> None:
    if "id" in media and "link" in media:
        raise media.wrong("link", "cannot be given together with id")
    if "id" in media:
        media.text("id")
    else:
        media.url("link")


def _location(location: Fields) -> str:
    location.decimal("latitude", 90)
    location.decimal("longitude", 180)
    return location.text_or("name", "")


def _interactive(interactive: Fields) -> str:
    action = interactive.object("action")
    match interactive.text("type"):
        case "button":
            _check_reply_buttons(action)
        case "list":
            _check_list(action)
        case "cta_url":
            _check_url_button(action)
        case other:
            raise interactive.wrong("type", f"{other} is not supported")
    _check_frame(interactive)
    return interactive.object("body").text("text", 4096 if interactive.values["type"] == "list" else 1024)


def _check_frame(interactive: Fields) -> None:
    if "footer" in interactive:
        interactive.object("footer").text("text", 60)
    if "header" not in interactive:
        return
    header = interactive.object("header")
    if header.choice("type", _HEADERS) == "text":
        header.text("text", 60)
    elif interactive.values["type"] == "list":
        raise header.wrong("type", "must be text for a list")
    else:
        _check_source(header.object(header.values["type"]))


def _check_reply_buttons(action: Fields) -> None:
    replies = [button.object("reply") for button in action.objects("buttons", 1, 3)]
    ids = [reply.text("id", 256) for reply in replies]
    titles = [reply.text("title", 20) for reply in replies]
    if len(set(ids)) < len(ids) or len(set(titles)) < len(titles):
        raise action.wrong("buttons", "must have unique ids and titles")


def _check_list(action: Fields) -> None:
    action.text("button", 20)
    sections = action.objects("sections", 1, 10)
    rows = [row for section in sections for row in section.objects("rows")]
    if len(rows) > _MAX_ROWS:
        raise action.wrong("sections", f"must have at most {_MAX_ROWS} rows in total")
    _check_rows(action, rows)
    for section in sections:
        if len(sections) > 1 or "title" in section:
            section.text("title", 24)


def _check_rows(action: Fields, rows: list[Fields]) -> None:
    ids = {row.text("id", 200) for row in rows}
    for row in rows:
        row.text("title", 24)
        row.text_or("description", "", 72)
    if len(ids) < len(rows):
        raise action.wrong("sections", "must have unique row ids")


def _check_url_button(action: Fields) -> None:
    if action.text("name") != "cta_url":
        raise action.wrong("name", "must be cta_url")
    parameters = action.object("parameters")
    parameters.text("display_text", 20)
    parameters.url("url")


def _template(template: Fields) -> str:
    """Check a template message. What it will say is known to Meta alone: its text is the parameters, one to a line."""
    name = template.text("name", 512)
    template.object("language").text("code")
    components = template.objects("components", 0) if "components" in template else []
    lines = [line for component in components for line in _component(component)]
    return "\n".join([name, *lines])


def _component(component: Fields) -> list[str]:
    kind = component.text("type").lower()
    if kind not in _COMPONENTS:
        raise component.wrong("type", "must be one of body, button, header")
    if kind == "button":
        component.text("sub_type")
        _check_index(component)
    parameters = component.objects("parameters", 0) if "parameters" in component else []
    return [line for parameter in parameters for line in _parameter(parameter)]


def _check_index(component: Fields) -> None:
    if str(component.required("index")) not in set("0123456789"):
        raise component.wrong("index", "must be 0 to 9")


def _parameter(parameter: Fields) -> list[str]:
    kind = parameter.text("type").lower()
    if kind == "text":
        return [parameter.text("text")]
    if kind in _MEDIA:
        _check_media_parameter(parameter.object(kind))
    else:
        parameter.required("action" if kind == "action" else kind)
    return []


def _check_media_parameter(media: Fields) -> None:
    if "id" not in media and not is_http_url(media.text("link")):
        raise InvalidFieldError(media.path("link"), "must be an http or https URL")

"""What WAHA takes: the fields of each kind of message."""

import re

from deploy.local.sandbox.fields import Fields

ACTIONS = {
    "sendText": "text",
    "sendImage": "image",
    "sendFile": "document",
    "sendVideo": "video",
    "sendVoice": "audio",
    "sendLocation": "location",
    "sendList": "list",
    "sendPoll": "poll",
    "sendButtons": "buttons",
}
"""The last part of the path, and the type of message it sends."""

_FILE_ACTIONS = frozenset({"sendImage", "sendFile", "sendVideo", "sendVoice"})
_FILE_FIELDS = frozenset({"mimetype", "filename", "url", "data"})
_CHAT = re.compile(r"\d{5,20}@(c\.us|s\.whatsapp\.net|lid)|[\d-]{5,40}@g\.us|\d+@newsletter")


def chat(value: str) -> str:
    """Give a chat id the form WAHA uses itself."""
    return value.replace("@s.whatsapp.net", "@c.us")


def chat_id(fields: Fields) -> str:
    """Read the recipient: digits and ``@c.us``, or a group."""
    value = fields.text("chatId")
    if not _CHAT.fullmatch(value):
        raise fields.wrong("chatId", "must be a chat id such as 11111111111@c.us")
    return chat(value)


def body(action: str, fields: Fields) -> str:
    """Check the fields of an action and give its text."""
    if action in _FILE_ACTIONS:
        _check_file(fields.object("file"))
        return fields.text_or("caption", "")
    match action:
        case "sendLocation":
            return _location(fields)
        case "sendList":
            return _list(fields.object("message"))
        case "sendPoll":
            return _poll(fields.object("poll"))
        case _:
            return fields.text("text", 65536)


def _check_file(file: Fields) -> None:
    file.text("mimetype")
    unknown = set(file.values) - _FILE_FIELDS
    if unknown:
        raise file.wrong(unknown.pop(), "should not exist")
    if "data" in file:
        file.text("data")
    else:
        file.url("url")


def _location(fields: Fields) -> str:
    fields.number("latitude", 90)
    fields.number("longitude", 180)
    return fields.text("title")


def _list(message: Fields) -> str:
    message.text("button")
    for section in message.objects("sections"):
        section.text("title")
        _check_rows(section)
    return "\n".join(filter(None, [message.text("title"), message.text_or("description", "")]))


def _check_rows(section: Fields) -> None:
    for row in section.objects("rows"):
        row.text("title")
        row.text("rowId")


def _poll(poll: Fields) -> str:
    options = poll.required("options")
    if not isinstance(options, list) or not options or not all(isinstance(option, str) for option in options):
        raise poll.wrong("options", "must be an array of strings")
    return poll.text("name")

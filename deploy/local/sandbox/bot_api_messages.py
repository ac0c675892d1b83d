"""What the Bot API's send methods take, their limits, and the part of the answer that shows what was sent."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from deploy.local.sandbox import http
from deploy.local.sandbox.fields import Json, is_http_url

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
_CALLBACK_DATA_BYTES = 64
_ALBUM = range(2, 11)
_FILE_ID = re.compile(r"[A-Za-z0-9_-]{10,}")
_LINK_SCHEMES = ("http://", "https://", "tg://", "mailto:", "tel:")
_PARSE_MODES = frozenset({"", "html", "markdown", "markdownv2"})


class BadRequestError(Exception):
    """The Bot API answers 400 with this description, after ``Bad Request:``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sending:
    """What a send method leads to."""

    type: str
    body: str
    result: Json
    """The fields of the resulting message beyond id, sender, chat and date."""


def read(method: str, values: Json) -> Sending:
    """Check the parameters of a send method. ``method`` is in lower case."""
    _check_parse_mode(values)
    _check_markup(values.get("reply_markup"))
    kind = method.removeprefix("send")
    if kind == "message":
        text = _text(values)
        return Sending(type="text", body=text, result={"text": text})
    if kind in _FILES:
        return _file(kind, values)
    return _OTHERS[kind](values)


def is_send_method(method: str) -> bool:
    """Tell whether a method, in lower case, sends a message."""
    kind = method.removeprefix("send")
    return method.startswith("send") and (kind == "message" or kind in _FILES or kind in _OTHERS)


def chat_id(values: Json) -> str:
    """Read the recipient: a number, or a public name that begins with ``@``."""
    value = str(values.get("chat_id", "")).strip()
    if not value:
        raise BadRequestError("chat_id is empty")
    if not re.fullmatch(r"-?[1-9]\d{0,15}|@\w{4,32}", value):
        raise BadRequestError("chat not found")
    return value


def _text(values: Json) -> str:
    text = values.get("text")
    if not isinstance(text, str) or not text.strip():
        raise BadRequestError("message text is empty")
    if len(text) > TEXT_LIMIT:
        raise BadRequestError("message is too long")
    return text


def _caption(values: Json) -> str:
    caption = values.get("caption") or ""
    if len(caption) > CAPTION_LIMIT:
        raise BadRequestError("message caption is too long")
    return str(caption)


def _check_parse_mode(values: Json) -> None:
    if str(values.get("parse_mode") or "").lower() not in _PARSE_MODES:
        raise BadRequestError("unsupported parse_mode")


def _check_markup(markup: Any) -> None:
    if markup is None:
        return
    markup = _parsed(markup, "reply markup")
    if not isinstance(markup, dict):
        raise BadRequestError("object expected as reply markup")
    for button in _buttons(markup.get("inline_keyboard", [])):
        _check_button(button)


def _buttons(keyboard: Any) -> list[Any]:
    if not isinstance(keyboard, list) or not all(isinstance(row, list) for row in keyboard):
        raise BadRequestError('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    return [button for row in keyboard for button in row]


def _check_button(button: Any) -> None:
    if not isinstance(button, dict) or not button.get("text"):
        raise BadRequestError("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if "callback_data" in button and not 1 <= len(str(button["callback_data"]).encode()) <= _CALLBACK_DATA_BYTES:
        raise BadRequestError("BUTTON_DATA_INVALID")
    if "url" in button and not str(button["url"]).startswith(_LINK_SCHEMES):
        raise BadRequestError("BUTTON_URL_INVALID")
    if len(button) == 1:
        raise BadRequestError("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")


def _parsed(value: Any, what: str) -> Any:
    """Read what is JSON in a string where a form carries it, and an object where JSON does."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise BadRequestError(f"can't parse {what} JSON object") from None


def _check_file(value: Any, name: str) -> None:
    if http.is_upload(value):
        return
    if not isinstance(value, str) or not value:
        raise BadRequestError(f"there is no {name} in the request")
    if "://" in value and not is_http_url(value):
        raise BadRequestError("wrong HTTP URL specified")
    if "://" not in value and not value.startswith("attach:") and not _FILE_ID.fullmatch(value):
        raise BadRequestError("wrong remote file identifier specified: Wrong string length")


_STORED = {"file_id": "AgACAgIAAxkDAAM", "file_unique_id": "AQADsandbox"}
_SIZED = {**_STORED, "width": 640, "height": 480}
_FILES: dict[str, Any] = {
    "photo": [_SIZED],
    "video": {**_SIZED, "duration": 1},
    "animation": {**_SIZED, "duration": 1},
    "document": _STORED,
    "audio": {**_STORED, "duration": 1},
    "voice": {**_STORED, "duration": 1},
    "videonote": {**_STORED, "length": 240, "duration": 1},
    "sticker": {**_SIZED, "type": "regular", "is_animated": False, "is_video": False},
}


def _file(kind: str, values: Json) -> Sending:
    name = "video_note" if kind == "videonote" else kind
    _check_file(values.get(name), name)
    caption = _caption(values)
    shown = {"caption": caption} if caption else {}
    return Sending(type=name, body=caption, result={name: _FILES[kind], **shown})


def _album(values: Json) -> Sending:
    media = _parsed(values.get("media"), "media")
    if not isinstance(media, list) or len(media) not in _ALBUM:
        raise BadRequestError("wrong number of media: an album has 2 to 10")
    for item in media:
        _check_file(item.get("media"), "media")
    captions = [_caption(item) for item in media]
    return Sending(type="album", body="\n".join(filter(None, captions)), result={"photo": [_SIZED]})


def _degrees(values: Json, name: str, bound: int) -> float:
    try:
        value = float(values.get(name, ""))
    except (TypeError, ValueError):
        raise BadRequestError(f"{name} is empty") from None
    if not abs(value) <= bound:
        raise BadRequestError(f"wrong {name} specified")
    return value


def _point(values: Json) -> Json:
    return {"latitude": _degrees(values, "latitude", 90), "longitude": _degrees(values, "longitude", 180)}


def _location(values: Json) -> Sending:
    point = _point(values)
    return Sending(type="location", body=f"{point['latitude']},{point['longitude']}", result={"location": point})


def _required(values: Json, name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value.strip():
        raise BadRequestError(f"{name} is empty")
    return value


def _venue(values: Json) -> Sending:
    title, address = _required(values, "title"), _required(values, "address")
    venue = {"location": _point(values), "title": title, "address": address}
    return Sending(type="venue", body=f"{title}\n{address}", result={"location": venue["location"], "venue": venue})


def _contact(values: Json) -> Sending:
    contact = {name: _required(values, name) for name in ("phone_number", "first_name")}
    return Sending(type="contact", body=" ".join(contact.values()), result={"contact": contact})


def _dice(_values: Json) -> Sending:
    return Sending(type="dice", body="", result={"dice": {"emoji": "🎲", "value": 1}})


_OTHERS: dict[str, Callable[[Json], Sending]] = {
    "mediagroup": _album,
    "location": _location,
    "venue": _venue,
    "contact": _contact,
    "dice": _dice,
}

"""What the providers answer: whose call it is, for whom, and the bodies antar's adapters read."""

import json
import re
from typing import Any, Final

from shared.domain.channels import Channel

Answer = tuple[int, bytes]
"""A status and a JSON body."""

_OPERATIONS: Final = {b"/messages": Channel.WABA, b"/sendText": Channel.WHATSAPP, b"/sendMessage": Channel.TELEGRAM}
_RECIPIENT: Final = re.compile(rb'(?:"to"|"chatId"|"chat_id"|chat_id)\s*[:=]\s*"?(\d+)')
"""In JSON, and in the form that the Bot API takes as well."""

_WAHA_REFUSAL: Final[Any] = {"statusCode": 400, "error": "Bad Request", "message": "the message was refused"}
_BOT_REFUSAL: Final[Any] = {"ok": False, "error_code": 400, "description": "Bad Request: chat not found"}
_META_REFUSAL: Final[Any] = {"error": {"message": "(#131026) Message undeliverable", "type": "OAuthException", "code": 131026}}
_REFUSALS: Final[dict[Channel, Answer]] = {
    channel: (400, json.dumps(body).encode())
    for channel, body in {
        Channel.WHATSAPP: _WAHA_REFUSAL,
        Channel.TELEGRAM: _BOT_REFUSAL,
        Channel.WABA: _META_REFUSAL,
    }.items()
}


def channel_of(line: bytes) -> Channel | None:
    """Give the channel that a request line calls; None when it is no call that sends."""
    path = line.split(b" ", 2)[1]
    return _OPERATIONS.get(path[path.rfind(b"/") :])


def recipient_of(body: bytes) -> bytes:
    """Give the digits of the recipient. Raises :class:`ValueError` when there is none."""
    found = _RECIPIENT.search(body)
    if found is None:
        raise ValueError("a message without a recipient")
    return found[1]


def refusal(channel: Channel) -> Answer:
    """Refuse a message for good, without a word about its sender."""
    return _REFUSALS[channel]


def acceptance(channel: Channel, number: int, recipient: bytes) -> Answer:
    """Take a message, and give it an id with a number that no other has."""
    match channel:
        case Channel.WHATSAPP:
            return 201, b'{"id":"true_%s@c.us_%d"}' % (recipient, number)
        case Channel.TELEGRAM:
            chat = b'{"id":%s,"type":"private"}' % recipient
            return 200, b'{"ok":true,"result":{"message_id":%d,"date":1,"chat":%s}}' % (number, chat)
        case _:
            contact = b'{"input":"%s","wa_id":"%s"}' % (recipient, recipient)
            return 200, b'{"messaging_product":"whatsapp","contacts":[%s],"messages":[{"id":"wamid.%d"}]}' % (contact, number)

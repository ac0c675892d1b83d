"""``/v1/receipts/{channel}/{key}``: where providers post what became of messages, and what people write.

A webhook is checked and stored, and its provider has its answer; what it says is read by a task. No login: what its provider proves
itself by is the authority.
"""

from http import HTTPStatus
from typing import Final
from uuid import UUID

from flask import Blueprint, Response, current_app, request
from sqlalchemy import insert

from api import bodies, failed, services
from api.errors import ApiError
from api.receipts import senders
from shared import ids
from shared.db import engine
from shared.db.tables import inbox
from shared.domain.channels import Channel

blueprint = Blueprint("receipts", __name__)

_LARGEST: Final = 3 * 1024 * 1024
"""Bytes of the largest webhook that Meta sends (Meta, Webhooks: payloads); the others' are smaller."""


@blueprint.get("/v1/receipts/waba/<key>")
def verify(key: str) -> Response:
    """Answer Meta's challenge when it shows the token that was agreed on."""
    with engine.get().connect() as connection:
        sender = senders.find(connection, key, Channel.WABA)
    asked = request.args
    genuine = sender is not None and sender.knows(asked.get("hub.verify_token", ""))
    if not genuine:
        failed.count()
    if not genuine or asked.get("hub.mode") != "subscribe":
        raise ApiError(HTTPStatus.FORBIDDEN, "authentication_error", "invalid_verify_token", "this is not the token agreed on")
    return Response(asked.get("hub.challenge", ""), mimetype="text/plain")


@blueprint.post("/v1/receipts/waba/<key>")
def take_from_meta(key: str) -> Response:
    """Take a webhook of Meta."""
    return _take(key, Channel.WABA)


@blueprint.post("/v1/receipts/whatsapp/<key>")
def take_from_gateway(key: str) -> Response:
    """Take a webhook of the gateway that drives the key's device."""
    return _take(key, Channel.WHATSAPP)


@blueprint.post("/v1/receipts/telegram/<key>")
def take_from_telegram(key: str) -> Response:
    """Take an update of Telegram."""
    return _take(key, Channel.TELEGRAM)


def _take(key: str, channel: Channel) -> Response:
    """Store what the key's provider has proved to be its own; anything else leaves no trace but a count of what has failed.

    Raises :class:`api.errors.Overloaded` while too many wait to be handled: providers post again what was not taken.
    """
    own = services.of(current_app)
    own.inbox.admit()
    body = bodies.read_within(_LARGEST)
    webhook_id = ids.new()
    if not _store(webhook_id, key, channel, body):
        failed.count()
        raise ApiError(HTTPStatus.UNAUTHORIZED, "authentication_error", "invalid_signature", "the signature is not the body's")
    own.inbox.add(1)
    own.publisher.handle(webhook_id)
    return Response(status=HTTPStatus.OK)


def _store(webhook_id: UUID, key: str, channel: Channel, body: bytes) -> bool:
    """Store a webhook, unless nothing proves that it is the provider's."""
    with engine.get().begin() as connection:
        sender = senders.find(connection, key, channel)
        if sender is None or not sender.has_sent(body, request.headers):
            return False
        values = {"id": webhook_id, "key_id": sender.key_id, "provider": sender.provider, "body": body}
        connection.execute(insert(inbox).values(values))
        return True

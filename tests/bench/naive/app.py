"""The Flask app: a request is validated, committed as a row, published as a canvas, and answered with 202."""

from http import HTTPStatus
from typing import Any

from flask import Flask, Response, jsonify, request
from pydantic import ValidationError
from sqlalchemy import insert

from tests.bench.naive import directory, tasks
from tests.bench.naive.models import Body
from tests.bench.naive.tables import engine, messages

app = Flask(__name__)

Answer = tuple[Response, HTTPStatus]


@app.get("/healthz")
def health() -> Answer:
    """Tell that requests are served."""
    return jsonify(status=True), HTTPStatus.OK


@app.post("/v1/send")
def send() -> Answer:
    """Accept a message."""
    account_id = directory.account(request.headers.get("Authorization", "").removeprefix("Bearer "))
    if account_id is None:
        return _refuse("missing api token", HTTPStatus.UNAUTHORIZED)
    try:
        body = Body.model_validate_json(request.get_data())
        parts = body.parts()
    except (ValidationError, ValueError) as error:
        return _refuse(str(error), HTTPStatus.BAD_REQUEST)
    if not all(_owns(account_id, channel, part["key"]) for channel, part in parts.items()):
        return _refuse("a key does not belong to this account", HTTPStatus.FORBIDDEN)
    message_id = _insert(account_id, parts)
    tasks.workflow(message_id, body.tiers()).apply_async()
    channels = {channel: {"status": True, "queued": True} for channel in body.tiers()[0]}
    return jsonify(status=True, queued=True, id=message_id, channels=channels), HTTPStatus.ACCEPTED


def _refuse(reason: str, status: HTTPStatus) -> Answer:
    return jsonify(status=False, reason=reason), status


def _owns(account_id: int, channel: str, token: str) -> bool:
    return directory.owner(token) == {"account_id": account_id, "channel": channel}


def _insert(account_id: int, parts: dict[str, Any]) -> int:
    with engine().begin() as connection:
        message_id: int = connection.execute(
            insert(messages).values(account_id=account_id, parts=parts).returning(messages.c.id)
        ).scalar_one()
    return message_id

"""``/unsubscribe/{token}``: the mail program's POST (RFC 8058), and a page for a person. No login: the token is the authority."""

from uuid import UUID

from flask import Blueprint, Response
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from api import headers
from api.errors import ResourceNotFound
from shared import ids, unsubscribe
from shared.db import engine
from shared.db.tables import deliveries, suppressions
from shared.domain.channels import Channel

blueprint = Blueprint("unsubscribe", __name__)

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Unsubscribe</title>
<style>{}</style><body>{}</body></html>
"""
_STYLE = "body{font:1.1rem/1.5 system-ui;max-width:32rem;margin:4rem auto;padding:0 1rem}button{font:inherit}"
_ASK = _PAGE.format(_STYLE, '<h1>Unsubscribe</h1><form method="post"><button>Stop these emails</button></form>')
_DONE = _PAGE.format(_STYLE, "<h1>You are unsubscribed</h1><p>This sender will write to you no more.</p>")
_POLICY = headers.policy(style=headers.hashed(_STYLE), form="'self'")


@blueprint.get("/unsubscribe/<token>")
def ask(token: str) -> Response:
    """Ask a person; a link that a scanner follows must not unsubscribe anybody."""
    _genuine(token)
    return _shown(_ASK)


@blueprint.post("/unsubscribe/<token>")
def stop(token: str) -> Response:
    """Suppress the address for this account. A repeat changes nothing."""
    delivery_id = _genuine(token)
    recipient = select(deliveries.c.account_id, deliveries.c.address).where(deliveries.c.id == delivery_id)
    with engine.get().begin() as connection:
        row = connection.execute(recipient).one_or_none()
        if row is None or row.address is None:
            raise ResourceNotFound("there is no such link")
        values = {"id": ids.new(), "account_id": row.account_id, "channel": Channel.EMAIL, "address": row.address}
        suppressed = {"reason": "unsubscribe", "expires_at": None, "created_at": func.now()}
        statement = insert(suppressions).values(**values, reason="unsubscribe")
        connection.execute(statement.on_conflict_do_update(index_elements=["account_id", "channel", "address"], set_=suppressed))
    return _shown(_DONE)


def _shown(page: str) -> Response:
    return Response(page, mimetype="text/html", headers={headers.POLICY: _POLICY})


def _genuine(token: str) -> UUID:
    delivery_id = unsubscribe.delivery(token)
    if delivery_id is None:
        raise ResourceNotFound("there is no such link")
    return delivery_id

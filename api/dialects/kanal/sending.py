"""Sending once, and answering with the outcome (contract, section 0: Waiting, Kanal 2).

A key that stands for a send is answered for that send; one whose send has failed is free again, so that the request at hand sends
itself. Whatever the number of turns, a request waits no longer than its caller wants.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from uuid import UUID

from flask import Response, jsonify, request

from api import idempotency, idempotency_keys, intake, preferences, services, submission
from api.auth import Caller
from api.dialects.kanal import render
from api.idempotency_keys import IdempotencyKey
from api.preferences import Preferences
from shared import ids
from shared.db import engine
from shared.domain.send import SendPlan, SendView
from shared.management import contacts
from shared.management.contacts import Addressed

_NO_FINGERPRINT: Final = b""
"""Of every body: they are not compared."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """What is to be sent, after every check."""

    plan: SendPlan
    contact_id: int
    address: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """One request to send."""

    caller: Caller
    prepare: Callable[[], Prepared]
    """Makes the checks that a repeat does not meet. Raises :class:`api.dialects.kanal.errors.Refusal`."""
    sent: str
    """What is said of a message that was sent."""


def send(wish: Wish) -> Response:
    """Send, wait and answer. Raises :class:`api.dialects.kanal.errors.Refusal` when nothing was sent."""
    preference = preferences.parse(request.headers.get("Prefer"))
    key = _key(wish.caller)
    deadline = time.monotonic() + preference.seconds(services.send_wait())
    while True:
        answer = _of_earlier(wish.caller, key, preference, deadline) or _of_own(wish, key, preference, deadline)
        if answer is not None:
            return answer


def _key(caller: Caller) -> IdempotencyKey | None:
    """Read the client's key, which is the token's own. Raises :class:`api.idempotency.InvalidKey`."""
    key = idempotency.header()
    if key is None:
        return None
    scope = ids.encode(ids.TOKEN, caller.token_id)
    return IdempotencyKey(scope=scope, key=key, fingerprint=_NO_FINGERPRINT, forgets_failures=True)


def _of_earlier(caller: Caller, key: IdempotencyKey | None, preference: Preferences, deadline: float) -> Response | None:
    """Answer for the send that the key stands for; ``None`` when there is none that has not failed."""
    send_id = idempotency_keys.repeated_send(caller.account_id, key) if key else None
    if key is None or send_id is None:
        return None
    view = submission.outcome_of(send_id, _left(deadline))
    if render.has_failed(view):
        return None
    if render.is_open(view):
        return _later(view, _addressed(send_id), preference)
    response = jsonify(render.repeated(key.key))
    response.status_code = HTTPStatus.CREATED
    return response


def _of_own(wish: Wish, key: IdempotencyKey | None, preference: Preferences, deadline: float) -> Response | None:
    """Send and answer; ``None`` when another request with this key has come first. Raises :class:`api.errors.Overloaded`."""
    services.admit()
    prepared = wish.prepare()
    number = intake.next_number()
    made = submission.submit(wish.caller, prepared.plan, _left(deadline), key=key, number=number)
    if made.replayed:
        return None
    to = Addressed(number=number, contact_id=prepared.contact_id, address=prepared.address)
    return _answer(made.view, to, wish.sent, preference)


def _answer(view: SendView, to: Addressed, sent: str, preference: Preferences) -> Response:
    if render.has_failed(view):
        raise render.refusal(view, to)
    return jsonify(render.accepted(to, sent)) if render.is_sent(view) else _later(view, to, preference)


def _later(view: SendView, to: Addressed, preference: Preferences) -> Response:
    return submission.answer_later(jsonify(render.accepted(to, render.ACCEPTED)), view.id, preference)


def _addressed(send_id: UUID) -> Addressed:
    with engine.get().connect() as connection:
        return contacts.addressed(connection, send_id)


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())

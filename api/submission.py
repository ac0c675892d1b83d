"""Submitting a send and waiting for its outcome, for the dialects that answer with it (contract, section 0, Waiting)."""

from contextlib import nullcontext
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from flask import Response, current_app

from api import auth, intake, orders, preferences, request_ids, requests, services, waiting
from api.idempotency_keys import IdempotencyKey
from shared import ids
from shared.domain.send import SendPlan, SendView


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """A send that was committed, or found under its idempotency key."""

    view: SendView
    """As it stood when the wait was over."""
    replayed: bool
    """Whether an earlier request had made it."""


def submit(
    caller: auth.Caller, plan: SendPlan, seconds: float, *, key: IdempotencyKey | None = None, number: int | None = None
) -> Submission:
    """Commit a send and wait for its outcome, for at most ``seconds``, and not at all when too many wait already.

    Raises as :meth:`api.intake.Intake.submit`.
    """
    room = services.of(current_app).waiting
    with room.place(wanted=seconds > 0) as waits:
        order = orders.Order(
            plan=plan,
            account_id=caller.account_id,
            token_id=caller.token_id,
            request_id=request_ids.current(),
            traceparent=requests.traceparent(),
            waiter=room.process if waits else None,
            idempotency=key,
            number=number,
            queue=services.queue(caller.account_id, plan),
        )
        return _submit_and_wait(order, seconds if waits else 0.0)


def _submit_and_wait(order: orders.Order, seconds: float) -> Submission:
    """Commit, then wait; a replayed request waits for the send of the first."""
    bench = services.of(current_app)
    with bench.waiting.expect(order.send_id, len(order.plan.deliveries)) if seconds else nullcontext() as expected:
        accepted = bench.intake.submit(order)
        if accepted.replayed:
            return Submission(view=waiting.outcome_of(accepted.send_id, None, seconds), replayed=True)
        view = _outcome(order, expected, seconds) if expected else orders.view(order)
        return Submission(view=view, replayed=False)


def _outcome(order: orders.Order, expected: waiting.Expected, seconds: float) -> SendView:
    """Wait. What is committed is accepted: to refuse it because Postgres went away since would make the client send it twice."""
    try:
        return waiting.outcome_of(order.send_id, expected, seconds)
    except intake.DATABASE_AWAY:
        return orders.view(order)


def outcome_of(send_id: UUID, seconds: float) -> SendView:
    """Wait for the outcome of a send that another request has made, as :func:`submit` does."""
    with services.of(current_app).waiting.place(wanted=seconds > 0) as waits:
        return waiting.outcome_of(send_id, None, seconds if waits else 0.0)


def answer_later(response: Response, send_id: UUID, preference: preferences.Preferences) -> Response:
    """Make an answer that of an open outcome: 202, where to look for it, and what of the caller's preference was honoured."""
    response.status_code = HTTPStatus.ACCEPTED
    response.headers["Location"] = f"/v1/sends/{ids.encode(ids.SEND, send_id)}"
    if preference.applied:
        response.headers["Preference-Applied"] = preference.applied
    return response

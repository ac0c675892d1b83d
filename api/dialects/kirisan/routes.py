"""``POST /v1/send``: validate, commit, wait for the outcome, answer."""

import hashlib
import json
from datetime import UTC, datetime

from flask import Blueprint, Response, current_app, jsonify, request
from werkzeug.exceptions import HTTPException

from api import auth, bodies, channel_keys, errors, intake, preferences, request_ids, services, waiting
from api.dialects.kirisan import render, schema
from api.dialects.kirisan.errors import Rejection
from shared import ids
from shared.domain.send import SendPlan, SendView

blueprint = Blueprint("kirisan", __name__)

_LONGEST_KEY = 255
_KEY_SCOPE = "account"


@blueprint.post("/v1/send")
def send() -> Response:
    """Accept a send and answer with its outcome, or with 202 when that takes longer than the caller waits."""
    caller = auth.caller()
    preference = preferences.parse(request.headers.get("Prefer"))
    body = bodies.read()
    parsed = _parse(body, caller)
    plan = schema.plan(parsed, channel_keys.resolve(caller.account_id, parsed.tokens()))
    return _accept(caller, plan, _idempotency_key(body), preference)


def _parse(body: bytes, caller: auth.Caller) -> schema.Request:
    """Validate a body. A repeat is judged by the time of the first request: what both schedule may be past by now."""
    try:
        return schema.parse(body, datetime.now(UTC))
    except Rejection:
        key = request.headers.get("Idempotency-Key")
        accepted_at = intake.first_use(caller.account_id, _KEY_SCOPE, key) if key else None
        if accepted_at is None:
            raise
        return schema.parse(body, accepted_at)


def _accept(
    caller: auth.Caller, plan: SendPlan, key: intake.IdempotencyKey | None, preference: preferences.Preferences
) -> Response:
    seconds = 0.0 if plan.schedule else preference.seconds(services.send_wait())
    room = services.of(current_app).waiting
    with room.place(wanted=seconds > 0) as waits:
        order = intake.Order(
            plan=plan,
            account_id=caller.account_id,
            token_id=caller.token_id,
            request_id=request_ids.current(),
            waiter=room.process if waits else None,
            idempotency=key,
        )
        accepted, view = _submit_and_wait(order, seconds if waits else 0.0)
    return _answer(view, preference, replayed=accepted.replayed if key else None)


def _submit_and_wait(order: intake.Order, seconds: float) -> tuple[intake.Accepted, SendView]:
    """Commit, then wait; a replayed request waits for the send of the first."""
    bench = services.of(current_app)
    with bench.waiting.expect(order.send_id, len(order.plan.deliveries)) as expected:
        accepted = bench.intake.submit(order)
        if accepted.replayed:
            return accepted, waiting.outcome_of(accepted.send_id, None, seconds)
        if seconds == 0:
            return accepted, intake.view(order)
        return accepted, _outcome(order, expected, seconds)


def _outcome(order: intake.Order, expected: waiting.Expected, seconds: float) -> SendView:
    """Wait. What is committed is accepted: to refuse it because Postgres went away since would make the client send it twice."""
    try:
        return waiting.outcome_of(order.send_id, expected, seconds)
    except intake.DATABASE_AWAY:
        return intake.view(order)


def _answer(view: SendView, preference: preferences.Preferences, *, replayed: bool | None) -> Response:
    response = jsonify(render.render(view))
    response.status_code = render.answer_status(view)
    if response.status_code == 202:  # noqa: PLR2004 - the contract's own number.
        response.headers["Location"] = f"/v1/sends/{ids.encode(ids.SEND, view.id)}"
        if preference.applied:
            response.headers["Preference-Applied"] = preference.applied
    if replayed is not None:
        response.headers["Idempotent-Replayed"] = "true" if replayed else "false"
    return response


def _idempotency_key(body: bytes) -> intake.IdempotencyKey | None:
    """Read the client's key; the fingerprint is of the JSON, so that spaces and the order of fields do not matter."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not key or len(key) > _LONGEST_KEY or "\0" in key:
        raise Rejection(400, f"Idempotency-Key must have 1 to {_LONGEST_KEY} characters")
    canonical = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"))
    fingerprint = hashlib.sha256(f"POST /v1/send {canonical}".encode("utf-8", "surrogatepass")).digest()
    return intake.IdempotencyKey(scope=_KEY_SCOPE, key=key, fingerprint=fingerprint)


def _refuse(status: int, reason: str) -> Response:
    response = jsonify(status=False, reason=reason)
    response.status_code = status
    return response


@blueprint.errorhandler(Rejection)
def _rejected(error: Rejection) -> Response:
    return _refuse(error.status, error.reason)


@blueprint.errorhandler(errors.Unauthenticated)
def _unauthenticated(error: errors.Unauthenticated) -> Response:
    return _refuse(error.status, error.message)


@blueprint.errorhandler(channel_keys.ForeignKeyToken)
def _foreign_key(error: channel_keys.ForeignKeyToken) -> Response:
    return _refuse(403, str(error))


@blueprint.errorhandler(intake.IdempotencyKeyReused)
def _key_reused(_: intake.IdempotencyKeyReused) -> Response:
    return _refuse(422, "Idempotency-Key was used with another request")


def _unavailable(_: Exception) -> Response:
    response = _refuse(503, "service temporarily unavailable")
    response.headers["Retry-After"] = str(errors.ServiceUnavailable.retry_after)
    return response


for _error in intake.DATABASE_AWAY:
    blueprint.register_error_handler(_error, _unavailable)


@blueprint.errorhandler(HTTPException)
def _http(error: HTTPException) -> Response:
    return _refuse(error.code or 500, error.name.lower())

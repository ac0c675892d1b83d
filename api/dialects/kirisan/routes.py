"""``POST /v1/send``: validate, commit, wait for the outcome, answer."""

from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from api import auth, bodies, channel_keys, errors, idempotency, idempotency_keys, intake, preferences, services, submission
from api.dialects.kirisan import render, schema
from api.dialects.kirisan.errors import Rejection
from api.idempotency_keys import IdempotencyInProgress, IdempotencyKey, IdempotencyKeyReused
from shared.domain.send import SendPlan, SendView

blueprint = Blueprint("kirisan", __name__)


@blueprint.post("/v1/send")
def send() -> Response:
    """Accept a send and answer with its outcome, or with 202 when that takes longer than the caller waits."""
    caller = auth.caller()
    preference = preferences.parse(request.headers.get("Prefer"))
    body = bodies.read()
    parsed = _parse(body, caller)
    plan = schema.plan(parsed, channel_keys.resolve(caller.account_id, parsed.tokens()))
    return _accept(caller, plan, idempotency.read(body), preference)


def _parse(body: bytes, caller: auth.Caller) -> schema.Request:
    """Validate a body. A repeat is judged by the time of the first request: what both schedule may be past by now."""
    try:
        return schema.parse(body, datetime.now(UTC))
    except Rejection:
        key = request.headers.get(idempotency.HEADER)
        accepted_at = idempotency_keys.first_use(caller.account_id, idempotency.SCOPE, key) if key else None
        if accepted_at is None:
            raise
        return schema.parse(body, accepted_at)


def _accept(caller: auth.Caller, plan: SendPlan, key: IdempotencyKey | None, preference: preferences.Preferences) -> Response:
    seconds = 0.0 if plan.schedule else preference.seconds(services.send_wait())
    made = submission.submit(caller, plan, seconds, key=key)
    return _answer(made.view, preference, replayed=made.replayed if key else None)


def _answer(view: SendView, preference: preferences.Preferences, *, replayed: bool | None) -> Response:
    response = jsonify(render.render(view))
    if render.answer_status(view) == HTTPStatus.ACCEPTED:
        submission.answer_later(response, view.id, preference)
    return response if replayed is None else idempotency.tell(response, replayed=replayed)


def _refuse(status: int, reason: str) -> Response:
    response = jsonify(status=False, reason=reason)
    response.status_code = status
    return response


@blueprint.errorhandler(Rejection)
def _rejected(error: Rejection) -> Response:
    return _refuse(error.status, error.reason)


@blueprint.errorhandler(idempotency.InvalidKey)
def _invalid_key(error: idempotency.InvalidKey) -> Response:
    return _refuse(400, str(error))


@blueprint.errorhandler(errors.Unauthenticated)
def _unauthenticated(error: errors.Unauthenticated) -> Response:
    return _refuse(error.status, error.message)


@blueprint.errorhandler(errors.TooManyFailures)
def _too_many_failures(error: errors.TooManyFailures) -> Response:
    response = _refuse(error.status, error.message)
    response.headers["Retry-After"] = str(error.retry_after)
    return response


@blueprint.errorhandler(channel_keys.ForeignKeyToken)
def _foreign_key(error: channel_keys.ForeignKeyToken) -> Response:
    return _refuse(403, str(error))


@blueprint.errorhandler(IdempotencyKeyReused)
def _key_reused(_: IdempotencyKeyReused) -> Response:
    return _refuse(422, "Idempotency-Key was used with another request")


@blueprint.errorhandler(IdempotencyInProgress)
def _key_in_progress(_: IdempotencyInProgress) -> Response:
    return _refuse(409, "a request with this Idempotency-Key is in progress")


def _unavailable(error: Exception) -> Response:
    response = _refuse(503, "service temporarily unavailable")
    response.headers["Retry-After"] = str(errors.retry_after(error))
    return response


for _error in (*intake.DATABASE_AWAY, errors.ServiceUnavailable):
    blueprint.register_error_handler(_error, _unavailable)


@blueprint.errorhandler(HTTPException)
def _http(error: HTTPException) -> Response:
    return _refuse(error.code or 500, error.name.lower())


blueprint.record_once(lambda state: errors.shape_at(state.app, "/v1/send", _http))

"""``/api/v1``: a message, a template, the templates there are, and whose API key it is."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, Response, jsonify
from werkzeug.exceptions import HTTPException

from api import auth, bodies, idempotency, intake, limits, numbers
from api import errors as native
from api.auth import Caller
from api.dialects.kanal import errors, render, schema, sending, templates
from api.dialects.kanal.errors import Refusal
from api.dialects.kanal.sending import Prepared, Wish
from api.dialects.kanal.templates import Template
from api.idempotency_keys import IdempotencyInProgress
from shared.db import engine
from shared.domain import waba_templates
from shared.management import accounts, contacts

blueprint = Blueprint("kanal", __name__, url_prefix="/api/v1")


@blueprint.post("/messages/send")
def send_message() -> Response:
    """Send a free-form message to a contact that wrote within the last 24 hours."""
    caller = _sender()
    wanted = schema.message(bodies.read())
    return sending.send(Wish(caller=caller, prepare=lambda: _message(caller, wanted), sent=render.MESSAGE_SENT))


@blueprint.post("/templates")
def send_template() -> Response:
    """Send a saved template."""
    caller = _sender()
    wanted = schema.template(bodies.read())
    return sending.send(Wish(caller=caller, prepare=lambda: _template(caller, wanted), sent=render.TEMPLATE_SENT))


@blueprint.get("/get_templates")
def get_templates() -> Response:
    """List the templates that can be sent."""
    caller = _subscriber()
    known = {number.id: number for number in numbers.usable(caller)}
    only = next(iter(known.values())) if len(known) == 1 else None
    return jsonify(
        [
            render.listed(each, render.phone_number_id(known.get(each.key_id) if each.key_id else only))
            for each in templates.sendable(caller)
        ]
    )


@blueprint.post("/me")
def show_team() -> Response:
    """Tell whose API key it is, and which numbers it can send from."""
    caller = _subscriber()
    with engine.get().connect() as connection:
        account = accounts.load(connection, caller.account_id)
    return jsonify(render.team(account, numbers.usable(caller), subscribed=caller.subscribed))


def _subscriber() -> Caller:
    """Give who is calling. Raises :class:`Refusal` for an account without a subscription."""
    caller = auth.caller()
    if not caller.subscribed:
        raise Refusal(errors.NOT_SUBSCRIBED, HTTPStatus.FORBIDDEN)
    return caller


def _sender() -> Caller:
    """Give who wants to send. Raises :class:`Refusal`, and :class:`api.limits.RateLimited` when it asks too often."""
    caller = _subscriber()
    kind = limits.Kind.KANAL
    verdict = limits.take("token", caller.token_id, kind, limits.per_minute(caller, kind))
    if not verdict.allowed:
        raise limits.RateLimited(verdict)
    return caller


def _message(caller: Caller, wanted: schema.Message) -> Prepared:
    key_id = _number(caller)
    contact = _contact(caller, wanted.address, key_id)
    if not contact.window_open:
        raise errors.of_contact(errors.WINDOW_CLOSED, contact.id, wanted.address)
    return Prepared(plan=schema.plan_of_message(key_id, wanted), contact_id=contact.id, address=wanted.address)


def _template(caller: Caller, wanted: schema.TemplateMessage) -> Prepared:
    found = templates.find(caller, wanted.template_id)
    if found is None:
        raise Refusal(errors.TEMPLATE_UNKNOWN, HTTPStatus.NOT_FOUND)
    _check_sendable(found, wanted)
    key_id = found.key_id or _number(caller)
    contact = _contact(caller, wanted.address, key_id, name=wanted.name, email=wanted.email)
    return Prepared(plan=schema.plan_of_template(key_id, wanted), contact_id=contact.id, address=wanted.address)


def _check_sendable(template: Template, wanted: schema.TemplateMessage) -> None:
    if template.status != "approved":
        raise Refusal(errors.TEMPLATE_UNAPPROVED)
    if not template.active:
        raise Refusal(errors.TEMPLATE_INACTIVE)
    missing = [name for name in waba_templates.variable_names(template.body) if name not in wanted.variables]
    if missing:
        raise errors.missing_variables(missing)


def _number(caller: Caller) -> UUID:
    """Give the key of the number to send from."""
    try:
        return numbers.choose(caller, None).id
    except numbers.NoNumber:
        raise errors.not_sent(errors.NO_NUMBER) from None
    except numbers.NumberNotNamed:
        raise errors.not_sent(errors.SEVERAL_NUMBERS) from None


def _contact(caller: Caller, address: str, key_id: UUID, **known: str | None) -> contacts.Contact:
    """Find or make a contact that may be written to."""
    with engine.get().begin() as connection:
        contact = contacts.meet(connection, caller.account_id, address, key_id, **known)
    if contact.opted_out:
        raise errors.of_contact(errors.OPTED_OUT, contact.id, address)
    return contact


def _refuse(status: int, error: str, **more: object) -> Response:
    response = jsonify(error=error, **more)
    response.status_code = status
    return response


@blueprint.errorhandler(Refusal)
def _refused(refusal: Refusal) -> Response:
    return _refuse(refusal.status, refusal.error, **refusal.more)


@blueprint.errorhandler(native.Unauthenticated)
def _unauthenticated(error: native.Unauthenticated) -> Response:
    return _refuse(error.status, errors.KEY_MISSING if error.message == auth.MISSING else errors.KEY_INVALID)


@blueprint.errorhandler(native.TooManyFailures)
def _too_many_failures(error: native.TooManyFailures) -> Response:
    return _too_soon(error.retry_after)


@blueprint.errorhandler(limits.RateLimited)
def _too_many_requests(error: limits.RateLimited) -> Response:
    return _too_soon(error.verdict.retry_after)


def _too_soon(seconds: int | None) -> Response:
    response = _refuse(HTTPStatus.TOO_MANY_REQUESTS, errors.TOO_MANY_REQUESTS, retry_after=seconds)
    response.headers["Retry-After"] = str(seconds)
    return response


@blueprint.errorhandler(idempotency.InvalidKey)
def _invalid_key(error: idempotency.InvalidKey) -> Response:
    return _refuse(HTTPStatus.BAD_REQUEST, str(error))


@blueprint.errorhandler(IdempotencyInProgress)
def _in_progress(_: IdempotencyInProgress) -> Response:
    return _refuse(HTTPStatus.CONFLICT, errors.IN_PROGRESS)


def _unavailable(error: Exception) -> Response:
    response = _refuse(HTTPStatus.SERVICE_UNAVAILABLE, errors.UNAVAILABLE)
    response.headers["Retry-After"] = str(native.retry_after(error))
    return response


for _error in (*intake.DATABASE_AWAY, native.ServiceUnavailable):
    blueprint.register_error_handler(_error, _unavailable)


@blueprint.errorhandler(HTTPException)
def _http(error: HTTPException) -> Response:
    return _refuse(error.code or HTTPStatus.INTERNAL_SERVER_ERROR, error.name)


blueprint.record_once(lambda state: native.shape_at(state.app, "/api", _http))

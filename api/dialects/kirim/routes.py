"""The endpoints of the Kirim dialect: messages are committed and answered at once, then looked up; templates; who is asking."""

from uuid import UUID

from flask import Blueprint, Response, current_app, jsonify, request

from api import auth, bodies, idempotency, idempotency_keys, intake, limits, lists, numbers, request_ids, requests, services
from api.dialects.kirim import errors, planning, queries, render, schema
from api.errors import InvalidRequest, ResourceNotFound
from api.idempotency_keys import IdempotencyKey
from api.orders import Order
from shared import ids
from shared.db import engine
from shared.management import accounts, messages, meta_templates, tokens

blueprint = Blueprint("kirim", __name__)
errors.register(blueprint)
limits.register(blueprint)


@blueprint.post("/v1/messages")
def send() -> Response:
    """Accept a message. It is answered as soon as it is committed; what became of it is told by webhooks and look-ups."""
    caller = auth.caller()
    body = bodies.read()
    parsed = schema.parse(body)
    key = idempotency.read(body)
    accepted, request_id = _accept(caller, parsed, key)
    response = jsonify(data=render.accepted(accepted.send_id, parsed.to, parsed.content.kind), request_id=request_id)
    response.status_code = 202
    return idempotency.tell(response, replayed=accepted.replayed) if key else response


def _accept(caller: auth.Caller, parsed: schema.Request, key: IdempotencyKey | None) -> tuple[intake.Accepted, str]:
    """Commit a message, or find the one that its request repeats; the second value is the id of the request that made it."""
    accepted = _commit(caller, parsed, key)
    return accepted, _first_request_id(caller, accepted.send_id) if accepted.replayed else request_ids.current()


def _commit(caller: auth.Caller, parsed: schema.Request, key: IdempotencyKey | None) -> intake.Accepted:
    """Commit. A repeat is answered as its first was, also when its number or template is not there any more."""
    try:
        plan = planning.plan(parsed, caller)
    except (InvalidRequest, numbers.NoNumber, numbers.NumberNotNamed, numbers.UnknownNumber):
        standing = idempotency_keys.repeated_send(caller.account_id, key) if key else None
        if standing is None:
            raise
        return intake.Accepted(send_id=standing, replayed=True)
    order = Order(
        plan=plan,
        account_id=caller.account_id,
        token_id=caller.token_id,
        request_id=request_ids.current(),
        traceparent=requests.traceparent(),
        waiter=None,
        idempotency=key,
        queue=services.queue(caller.account_id, plan),
    )
    return services.of(current_app).intake.submit(order)


def _first_request_id(caller: auth.Caller, send_id: UUID) -> str:
    with engine.get().connect() as connection:
        found = messages.load(connection, caller.account_id, send_id)
    if found is None:
        raise LookupError("a committed message is not to be found")
    return found.request_id


@blueprint.get("/v1/messages/<identifier>")
def look_up(identifier: str) -> Response:
    """Give a message as it stands."""
    caller = auth.caller()
    send_id = ids.decode(ids.MESSAGE, identifier)
    if send_id is None:
        raise _no_message()
    with engine.get().connect() as connection:
        found = messages.load(connection, caller.account_id, send_id)
    if found is None:
        raise _no_message()
    return lists.told(render.message(found))


@blueprint.get("/v1/messages")
def find() -> Response:
    """Give a page of messages, the newest first; those that came in are told by webhooks alone."""
    caller = auth.caller()
    query = queries.messages(request.args, caller.account_id)
    if query.inbound:
        return lists.answer([], None, query.search)
    with engine.get().connect() as connection:
        page = messages.page(connection, caller.account_id, query.filters, query.limit, query.before_id)
    return lists.answer([render.message(each) for each in page.messages], page.next_before, query.search)


@blueprint.get("/v1/templates")
def list_templates() -> Response:
    """Give a page of templates, the newest first."""
    caller = auth.caller()
    query = queries.templates(request.args, caller.account_id)
    with engine.get().connect() as connection:
        found = meta_templates.page(connection, caller.account_id, query.status, query.limit + 1, query.before_id)
    return lists.answer_found(found, query.limit, query.search, render.template, lambda each: UUID(int=each.id))


@blueprint.get("/v1/templates/<name>")
def look_up_template(name: str) -> Response:
    """Give a template: in the language that is asked for, else in one that can be sent, else the newest."""
    caller = auth.caller()
    wanted = request.args.get("language")
    with engine.get().connect() as connection:
        found = meta_templates.named(connection, caller.account_id, name) if "\0" not in name else []
    in_language = [each for each in found if wanted in {None, each.language}]
    if not in_language:
        raise ResourceNotFound("there is no such template")
    return lists.told(render.template(min(in_language, key=lambda each: not each.sendable)))


@blueprint.get("/v1/me")
def me() -> Response:
    """Tell who is asking."""
    caller = auth.caller()
    with engine.get().connect() as connection:
        account = accounts.load(connection, caller.account_id)
        token = tokens.load(connection, caller.token_id)
    return lists.told(render.me(account, token, caller))


def _no_message() -> ResourceNotFound:
    return ResourceNotFound("there is no such message")

"""Customers' webhooks: subscriptions with their secrets, what became of each webhook, and posting them again."""

from uuid import UUID

from flask import Blueprint, Response, current_app, request

from api import auth, bodies, limits, lists, native, services
from api.dialects.kirim import errors
from api.webhooks import render, schema
from shared import ids
from shared.db import engine
from shared.management import webhook_deliveries, webhooks

blueprint = Blueprint("webhooks", __name__)
errors.register(blueprint)
limits.register(blueprint)


@blueprint.post("/v1/webhook_subscriptions")
def subscribe() -> Response:
    """Make a subscription; its secret is shown this once."""
    caller = auth.caller()
    wanted = schema.new_subscription(bodies.read())
    with native.changing("webhook_subscription_limit") as connection:
        made = webhooks.create(connection, caller.account_id, wanted.url, list(wanted.events), wanted.description)
    return lists.told(render.created(made), 201)


@blueprint.get("/v1/webhook_subscriptions")
def list_subscriptions() -> Response:
    """Give a page of subscriptions, the newest first."""
    caller = auth.caller()
    query = schema.subscriptions(request.args, caller.account_id)
    with engine.get().connect() as connection:
        found = webhooks.page(connection, caller.account_id, query.limit + 1, query.before_id)
    return lists.answer_found(found, query.limit, query.search, render.subscription, lambda each: each.id)


@blueprint.get("/v1/webhook_subscriptions/<identifier>")
def look_up_subscription(identifier: str) -> Response:
    """Give a subscription."""
    caller = auth.caller()
    with native.reading() as connection:
        found = webhooks.load(connection, caller.account_id, _subscription_id(identifier))
    return lists.told(render.subscription(found))


@blueprint.patch("/v1/webhook_subscriptions/<identifier>")
def change(identifier: str) -> Response:
    """Change a subscription; one that is activated hears again what it was not told meanwhile."""
    caller = auth.caller()
    changes = schema.changes(bodies.read())
    with native.changing() as connection:
        changed = webhooks.change(connection, caller.account_id, _subscription_id(identifier), changes)
    return lists.told(render.subscription(changed))


@blueprint.delete("/v1/webhook_subscriptions/<identifier>")
def unsubscribe(identifier: str) -> Response:
    """Delete a subscription with its webhooks. What is being posted at this moment may still arrive."""
    caller, subscription_id = auth.caller(), _subscription_id(identifier)
    with native.changing() as connection:
        webhooks.delete(connection, caller.account_id, subscription_id)
    return lists.told(render.deleted(subscription_id))


@blueprint.post("/v1/webhook_subscriptions/<identifier>/secrets")
def add_secret(identifier: str) -> Response:
    """Make a secret, which is shown this once; the others go on for a while."""
    caller = auth.caller()
    overlap = schema.overlap(bodies.read())
    with native.changing("webhook_secret_limit") as connection:
        made = webhooks.add_secret(connection, caller.account_id, _subscription_id(identifier), overlap)
    return lists.told(render.shown_secret(made), 201)


@blueprint.get("/v1/webhook_deliveries")
def list_webhooks() -> Response:
    """Give a page of webhooks, the newest first."""
    caller = auth.caller()
    query, filters = schema.webhooks(request.args, caller.account_id)
    with engine.get().connect() as connection:
        found = webhook_deliveries.page(connection, caller.account_id, filters, query.limit + 1, query.before_id)
    return lists.answer_found(found, query.limit, query.search, render.webhook, lambda each: each.id)


@blueprint.get("/v1/webhook_deliveries/<identifier>")
def look_up_webhook(identifier: str) -> Response:
    """Give a webhook as it stands."""
    caller = auth.caller()
    with native.reading() as connection:
        found = webhook_deliveries.load(connection, caller.account_id, _webhook_id(identifier))
    return lists.told(render.webhook(found))


@blueprint.post("/v1/webhook_deliveries/<identifier>/replay")
def replay(identifier: str) -> Response:
    """Post a webhook again, soon."""
    caller, webhook_id = auth.caller(), _webhook_id(identifier)
    with native.changing("webhook_subscription_disabled") as connection:
        replayed = webhook_deliveries.replay(connection, caller.account_id, webhook_id)
    services.of(current_app).publisher.post([webhook_id])
    return lists.told(render.webhook(replayed), 202)


@blueprint.post("/v1/webhook_deliveries/bulk_replay")
def bulk_replay() -> Response:
    """Post many webhooks of one subscription again, soon."""
    caller = auth.caller()
    wanted = schema.bulk_replay(bodies.read())
    with native.changing("webhook_subscription_disabled") as connection:
        replayed, capped = webhook_deliveries.replay_all(connection, caller.account_id, wanted)
    services.of(current_app).publisher.post(replayed)
    return lists.told({"enqueued": len(replayed), "capped": capped}, 202)


def _subscription_id(identifier: str) -> UUID:
    return native.identified(ids.SUBSCRIPTION, identifier, "there is no such webhook subscription")


def _webhook_id(identifier: str) -> UUID:
    return native.identified(ids.WEBHOOK, identifier, "there is no such webhook delivery")

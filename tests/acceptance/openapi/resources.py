"""For each route that names a resource, how an account comes to have one.

A route that is added and stands neither here nor among those that need no token fails the test of isolation.
"""

import email
import re
import time
from collections.abc import Callable, Mapping
from typing import Final

from deploy.local.sandbox import events
from tests.acceptance.backend import await_true, deliveries, new_phone, text
from tests.acceptance.openapi.tenants import Tenant

Maker = Callable[[Tenant], str]


def waiting_send(tenant: Tenant) -> str:
    """Make a send that waits for its time."""
    body = {**tenant.send({"whatsapp": 0}), "context": {"timing": {"schedule": int(time.time()) + 86_400}}}
    return str(tenant.post(body).json()["id"])


def held_delivery(tenant: Tenant) -> str:
    """Make a delivery that may have been sent and waits for a person."""
    body = tenant.send({"telegram": 0}, {"telegram": text()})
    tenant.fault("telegram", "drop_after", to=body["target"]["telegram"], times=1)
    send_id = tenant.post(body, Prefer="respond-async").json()["id"]
    await_true(lambda: deliveries(tenant.look_up(send_id))["telegram"]["held"])
    return str(deliveries(tenant.look_up(send_id))["telegram"]["id"])


def message(tenant: Tenant) -> str:
    """Make a message in the Kirim dialect."""
    body = {"to": f"+{new_phone()}", "type": "text", "text": {"body": "Hello"}}
    answer = tenant.http.post("/v1/messages", json=body, headers={"Authorization": f"Bearer {tenant.token}"})
    return str(answer.raise_for_status().json()["data"]["id"])


def subscription(tenant: Tenant) -> str:
    """Subscribe to what people write; nobody hears it at that address."""
    body = {"url": "https://hooks.shop.example/antar", "events": ["message.received"]}
    answer = tenant.http.post("/v1/webhook_subscriptions", json=body, headers={"Authorization": f"Bearer {tenant.token}"})
    return str(answer.raise_for_status().json()["data"]["id"])


def webhook(tenant: Tenant) -> str:
    """Have a webhook that tells a subscription of what a person wrote."""
    path = f"/v1/webhook_deliveries?subscription_id={subscription(tenant)}"
    written = events.inbound("cloud_api", tenant.phone_number_id, tenant.person, "Hello")
    tenant.http.post(f"/v1/receipts/waba/{waba_key(tenant)}", content=written.body, headers=written.headers).raise_for_status()
    await_true(lambda: bool(tenant.get(path).json()["data"]))
    return str(tenant.get(path).json()["data"][0]["id"])


def waba_template(tenant: Tenant) -> str:
    """Give the name of the template that the account has from the start."""
    return tenant.waba_template


def account(tenant: Tenant) -> str:
    """Give the account itself."""
    return tenant.account


NAMED: Final[Mapping[str, Maker]] = {
    "/v1/sends/<identifier>": waiting_send,
    "/v1/deliveries/<identifier>/release": held_delivery,
    "/v1/deliveries/<identifier>/fail": held_delivery,
    "/v1/deliveries/<identifier>/confirm": held_delivery,
    "/v1/messages/<identifier>": message,
    "/v1/templates/<name>": waba_template,
    "/v1/webhook_subscriptions/<identifier>": subscription,
    "/v1/webhook_subscriptions/<identifier>/secrets": subscription,
    "/v1/webhook_deliveries/<identifier>": webhook,
    "/v1/webhook_deliveries/<identifier>/replay": webhook,
}
"""By route: what makes the resource that its one variable names."""


def unsubscribe_token(tenant: Tenant) -> str:
    """Take the token of the link in an email."""
    body = tenant.send({"email": 0})
    assert tenant.post(body).json()["status"] is True
    (received,) = tenant.received("email", body["target"]["email"])
    return re.sub(r"\s", "", email.message_from_string(received["raw"])["List-Unsubscribe"]).strip("<>").rpartition("/")[2]


def waba_key(tenant: Tenant) -> str:
    """Give the id of the account's number."""
    return tenant.key_ids["waba"]


OPEN: Final[Mapping[str, Maker]] = {
    "/unsubscribe/<token>": unsubscribe_token,
    "/v1/receipts/waba/<key>": waba_key,
}
"""Likewise, by route that needs no token."""

LISTED: Final[Mapping[str, tuple[Maker, str]]] = {
    "/v1/sends": (waiting_send, "/v1/sends"),
    "/v1/deliveries": (held_delivery, "/v1/deliveries?held=true"),
    "/v1/messages": (message, "/v1/messages"),
    "/v1/templates": (waba_template, "/v1/templates"),
    "/v1/webhook_subscriptions": (subscription, "/v1/webhook_subscriptions"),
    "/v1/webhook_deliveries": (webhook, "/v1/webhook_deliveries"),
    "/v1/me": (account, "/v1/me"),
    "/api/v1/get_templates": (waba_template, "/api/v1/get_templates"),
}
"""By route of a list: what makes an item of it, and how the list is asked for."""

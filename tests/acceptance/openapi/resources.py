"""For each route that names a resource, how an account comes to have one.

A route that is added and stands neither here nor among those that need no token fails the test of isolation.
"""

import email
import os
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from deploy.local.sandbox import events
from tests.acceptance.backend import JsonObject, await_true, deliveries, new_phone, text
from tests.acceptance.openapi.tenants import Tenant

Maker = Callable[[Tenant], str]

CREDENTIALS: Final = {"bot_token": "7:sandbox-spare", "base_url": "https://telegram.example"}
"""Those of a key that nothing is sent with."""


def on_a_channel(path: str) -> str:
    """Give a route for one channel, where it is one for each."""
    return path.replace("<channel>", "telegram")


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


def campaign(tenant: Tenant, **fields: object) -> str:
    """Make a draft."""
    body = {
        "name": "Payday",
        "keys": {"whatsapp": tenant.key("whatsapp")},
        "content": {"whatsapp": text()},
        "columns": {"targets": {"whatsapp": "phone"}},
        **fields,
    }
    return str(_of_campaigns(tenant, "POST", "", json=body)["id"])


def filled_campaign(tenant: Tenant, phone: str = "", **fields: object) -> str:
    """Make a draft that has a recipient."""
    made, file = campaign(tenant, **fields), f"phone\n{phone or new_phone()}\n"
    _of_campaigns(tenant, "PUT", f"/{made}/recipients?format=csv", content=file.encode())
    await_true(lambda: _of_campaigns(tenant, "GET", f"/{made}")["state"] == "draft")
    return made


def scheduled_campaign(tenant: Tenant) -> str:
    """Make a campaign that waits for its time."""
    made = filled_campaign(tenant, schedule=int(time.time()) + 86_400)
    _of_campaigns(tenant, "POST", f"/{made}/start")
    return made


def failed_campaign(tenant: Tenant) -> str:
    """Make a campaign that has ended without reaching anybody."""
    made = filled_campaign(tenant, phone := new_phone())
    tenant.fault("whatsapp", "recipient", to=phone)
    _of_campaigns(tenant, "POST", f"/{made}/start")
    await_true(lambda: _of_campaigns(tenant, "GET", f"/{made}")["state"] == "completed")
    return made


def _of_campaigns(tenant: Tenant, method: str, path: str, **options: Any) -> Any:
    headers = {"Authorization": f"Bearer {tenant.token}"}
    return tenant.http.request(method, f"/v1/campaigns{path}", headers=headers, **options).raise_for_status().json()["data"]


def file(tenant: Tenant) -> str:
    """Upload a picture that nobody has uploaded, by its first bytes."""
    octets = b"\x89PNG\r\n\x1a\n" + os.urandom(32)
    headers = {"Authorization": f"Bearer {tenant.token}"}
    answer = tenant.http.post("/v1/files", files={"file": ("struk.png", octets, "image/png")}, headers=headers)
    return str(answer.raise_for_status().json()["data"]["id"])


def file_token(tenant: Tenant) -> str:
    """Take the token of a link to a file."""
    headers = {"Authorization": f"Bearer {tenant.token}"}
    answer = tenant.http.post(f"/v1/files/{file(tenant)}/links", headers=headers)
    return str(answer.raise_for_status().json()["data"]["url"].split("/")[-2])


def _made(tenant: Tenant, path: str, body: JsonObject) -> Any:
    """Make something of the account's, and give it."""
    answer = tenant.http.post(path, json=body, headers={"Authorization": f"Bearer {tenant.token}"})
    return answer.raise_for_status().json()["data"]


def channel_key(tenant: Tenant) -> str:
    """Make a key that nothing is sent with."""
    body = {"name": f"spare {new_phone()}", "credentials": CREDENTIALS}
    return str(_made(tenant, "/v1/channels/telegram/keys", body)["id"])


def draft_template(tenant: Tenant) -> str:
    """Make a draft of a template."""
    return str(_draft(tenant)["id"])


def draft_template_name(tenant: Tenant) -> str:
    """Make a draft of a template, and give its name, which no other account's has."""
    return str(_draft(tenant)["name"])


def _draft(tenant: Tenant) -> Any:
    body = {"name": f"order {new_phone()}", "body": {"type": "text", "message": "Hi {{name}}, it is ready."}}
    return _made(tenant, "/v1/channels/telegram/templates", body)


def token(tenant: Tenant) -> str:
    """Make a token."""
    return str(_made(tenant, "/v1/tokens", {"label": "spare"})["id"])


def contact(tenant: Tenant) -> str:
    """Make a contact."""
    return str(_contact(tenant)["id"])


def known_address(tenant: Tenant) -> str:
    """Make a contact, and give the address."""
    return str(_contact(tenant)["address"])


def _contact(tenant: Tenant) -> Any:
    return _made(tenant, "/v1/contacts", {"channel": "whatsapp", "address": new_phone()})


def suppression(tenant: Tenant) -> str:
    """Have an address left alone."""
    made = _made(tenant, "/v1/suppressions", {"channel": "whatsapp", "addresses": [new_phone()]})
    return str(made[0]["id"])


def waba_template(tenant: Tenant) -> str:
    """Give the name of the template that the account has from the start."""
    return tenant.waba_template


def account(tenant: Tenant) -> str:
    """Give the account itself."""
    return tenant.account


_OF_CAMPAIGNS: Final[Mapping[str, Maker]] = {
    **dict.fromkeys(("", "/recipients", "/dry_run", "/progress", "/cancel", "/report.csv", "/refused.csv"), campaign),
    **dict.fromkeys(("/preview", "/start"), filled_campaign),
    **dict.fromkeys(("/pause", "/resume"), scheduled_campaign),
    "/resend_failures": failed_campaign,
}

_OF_TEMPLATES: Final = [
    f"/v1/channels/<channel>/templates/<identifier>{each}" for each in ("", "/preview", "/submit", "/activate", "/deactivate")
]

NAMED: Final[Mapping[str, Maker]] = {
    "/v1/files/<identifier>": file,
    "/v1/files/<identifier>/content": file,
    "/v1/files/<identifier>/links": file,
    "/v1/sends/<identifier>": waiting_send,
    "/v1/deliveries/<identifier>/release": held_delivery,
    "/v1/deliveries/<identifier>/fail": held_delivery,
    "/v1/deliveries/<identifier>/confirm": held_delivery,
    "/v1/messages/<identifier>": message,
    "/v1/templates/<name>": waba_template,
    **{f"/v1/campaigns/<identifier>{path}": make for path, make in _OF_CAMPAIGNS.items()},
    "/v1/webhook_subscriptions/<identifier>": subscription,
    "/v1/webhook_subscriptions/<identifier>/secrets": subscription,
    "/v1/webhook_deliveries/<identifier>": webhook,
    "/v1/webhook_deliveries/<identifier>/replay": webhook,
    "/v1/channels/<channel>/keys/<identifier>": channel_key,
    "/v1/channels/<channel>/keys/<identifier>/suspend": channel_key,
    "/v1/channels/<channel>/keys/<identifier>/resume": channel_key,
    "/v1/channels/<channel>/keys/<identifier>/revoke": channel_key,
    "/v1/channels/<channel>/keys/<identifier>/rotate_token": channel_key,
    **dict.fromkeys(_OF_TEMPLATES, draft_template),
    "/v1/tokens/<identifier>": token,
    "/v1/contacts/<identifier>": contact,
    "/v1/suppressions/<identifier>": suppression,
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


def counted_key(tenant: Tenant) -> str:
    """Give the id of a key that something was sent with."""
    assert tenant.post(tenant.send({"telegram": 0})).json()["status"] is True
    return tenant.key_ids["telegram"]


OPEN: Final[Mapping[str, Maker]] = {
    "/files/<token>/<name>": file_token,
    "/unsubscribe/<token>": unsubscribe_token,
    "/v1/receipts/waba/<key>": waba_key,
}
"""Likewise, by route that needs no token."""

LISTED: Final[Mapping[str, tuple[Maker, str]]] = {
    "/v1/files": (file, "/v1/files"),
    "/v1/sends": (waiting_send, "/v1/sends"),
    "/v1/deliveries": (held_delivery, "/v1/deliveries?held=true"),
    "/v1/messages": (message, "/v1/messages"),
    "/v1/templates": (waba_template, "/v1/templates"),
    "/v1/campaigns": (campaign, "/v1/campaigns"),
    "/v1/webhook_subscriptions": (subscription, "/v1/webhook_subscriptions"),
    "/v1/webhook_deliveries": (webhook, "/v1/webhook_deliveries"),
    "/v1/channels/telegram/keys": (channel_key, "/v1/channels/telegram/keys"),
    "/v1/channels/telegram/templates": (draft_template_name, "/v1/channels/telegram/templates"),
    "/v1/channels/waba/template_sync": (waba_key, "/v1/channels/waba/template_sync"),
    "/v1/tokens": (token, "/v1/tokens"),
    "/v1/contacts": (known_address, "/v1/contacts"),
    "/v1/suppressions": (suppression, "/v1/suppressions"),
    "/v1/stats": (counted_key, "/v1/stats?group_by=key"),
    "/v1/me": (account, "/v1/me"),
    "/api/v1/get_templates": (waba_template, "/api/v1/get_templates"),
}
"""By route of a list: what makes an item of it, and how the list is asked for."""

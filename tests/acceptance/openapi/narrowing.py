"""The document with the values of one account in it, so that generated requests get beyond 400, 403 and 404.

Only what a generator cannot know is put in: ids, tokens, addresses that providers take, a time to come, and which channels belong
together. All the rest is generated from the schemas that the api publishes.
"""

import copy
import time
from collections.abc import Mapping
from typing import Any, Final

from deploy.local.sandbox import accounts as sandbox
from shared import ids
from tests.acceptance.backend import new_phone
from tests.acceptance.openapi.resources import CREDENTIALS, NAMED, OPEN, subscription
from tests.acceptance.openapi.tenants import Tenant

JsonObject = dict[str, Any]

_PARAMETERS: Final = {
    "Prefer": ["respond-async", "wait=1"],
    "row": [1, 99],
    "hub.mode": ["subscribe"],
    "hub.verify_token": [sandbox.VERIFY_TOKEN, "another"],
}
_REPEATS: Final = "Idempotency-Key"
"""Not generated: of requests with one key only the first would do anything."""
_LEFT_OUT: Final = {"KanalMessage": {"audio", "video", "document"}}
"""Files are alike, and Meta takes no more than so many messages to one person in a moment."""
_NULL: Final = {"type": "null"}
_VARIABLES: Final = {"enum": [{"name": "Alex", "order_id": "A-1001"}]}
_TEXT: Final = {"enum": [{"body": "Hello"}]}
_IMAGE: Final = {"enum": [{"link": "https://cdn.example.com/receipt.jpg", "caption": "Your receipt."}]}
_KIRIM: Final = {"from": {"enum": [f"+{sandbox.OWN_NUMBER}", None]}}
_KIRIM_KINDS: Final = ("Text", "Template", "Image", "Document", "Video", "Audio", "Interactive")
_MESSAGES: Final = [
    {"type": "text", "message": "Hello"},
    {"type": "image", "richContext": {"fileUrl": "https://cdn.example.com/receipt.jpg"}},
]


def narrow(document: JsonObject, tenant: Tenant) -> JsonObject:
    """Give the document for an account: its resources, and some that nobody has."""
    narrowed = copy.deepcopy(document)
    for path, methods in narrowed["paths"].items():
        for operation in methods.values():
            names = _names(path, tenant)
            taken = [each for each in operation.get("parameters", ()) if each["name"] != _REPEATS]
            operation["parameters"] = [_narrow_parameter(parameter, names) for parameter in taken]
    for model, fields in _fields(tenant).items():
        schema = narrowed["components"]["schemas"][model]
        schema["properties"].update(fields)
        schema["properties"] = {name: field for name, field in schema["properties"].items() if name not in _LEFT_OUT.get(model, ())}
        schema["required"] = sorted({*schema.get("required", ()), *fields})
    return narrowed


def _names(path: str, tenant: Tenant) -> list[str]:
    maker = {**NAMED, **OPEN}.get(path.replace("{", "<").replace("}", ">"))
    if maker is None:
        return []
    made = maker(tenant)
    return [made, ids.encode(made.partition("_")[0], ids.new())]


def _narrow_parameter(parameter: JsonObject, names: list[str]) -> JsonObject:
    if parameter["name"] == "channel" and parameter["in"] == "path":
        return {**parameter, "schema": {"enum": ["telegram"]}}
    if parameter["in"] == "path" and names:
        return {**parameter, "schema": {"enum": names}}
    if parameter["name"] in _PARAMETERS:
        return {**parameter, "required": True, "schema": {"enum": _PARAMETERS[parameter["name"]]}}
    return parameter


def _fields(tenant: Tenant) -> Mapping[str, JsonObject]:
    """Give the fields that are always there in a model, with the values of the account."""
    phone = new_phone()
    return {
        "KirisanBody": {
            "keys": _object({channel: _key(token) for channel, token in tenant.keys.items()}),
            "content": {**_object({channel: _content(tenant, channel) for channel in tenant.keys}), "required": ["whatsapp"]},
        },
        "KirisanTarget": {
            "whatsapp": {"enum": [phone, "12"]},
            "waba": {"enum": [phone, "+"]},
            "telegram": {"enum": [phone, "@nobody"]},
            "email": {"enum": [f"alex.{phone}@customer.example", "alex"]},
            "variables": _VARIABLES,
        },
        "KirisanTiming": {"schedule": {"enum": [int(time.time()) + 3600, None]}},
        **{f"Kirim{kind}Message": _KIRIM | {"to": {"enum": [f"+{phone}"]}} for kind in _KIRIM_KINDS},
        "KirimTemplate": {"name": {"enum": [tenant.waba_template, "never_made"]}, "language": {"enum": ["en_US"]}},
        "KanalMessage": {
            "to": {"enum": [tenant.person, new_phone()]},
            "type": {"enum": ["text", "image"]},
            "text": _TEXT,
            "image": _IMAGE,
        },
        "KanalTemplate": {
            "phone_number": {"enum": [new_phone(), f"+{phone}"]},
            "template_id": {"enum": [tenant.templates["waba"], 999]},
            "variables": _VARIABLES,
        },
        "NewCampaign": _campaign(tenant),
        "CampaignChanges": {**_campaign(tenant), "keys": _NULL, "content": _NULL, "behaviour": _NULL},
        "Resending": {"states": {"enum": [["failed"], ["failed", "expired"]]}},
        "NewSubscription": {"url": {"enum": ["https://hooks.shop.example/kirim", "http://hooks.shop.example"]}},
        "NewKey": {"credentials": {"enum": [CREDENTIALS, {}]}, "sender": {"enum": [phone, None, "12"]}},
        "KeyChanges": {"credentials": {"enum": [CREDENTIALS, {"bot_token": "8:a"}]}, "sender": {"enum": [phone, None]}},
        "NewTemplate": {"body": {"enum": [_MESSAGES[0]]}, "key": _NULL, "category": _NULL},
        "ChangedTemplate": {"body": {"enum": _MESSAGES}, "category": _NULL},
        "TemplateSyncRequest": {"key": {"enum": [tenant.key_ids["waba"], None]}},
        "NewToken": {"bound_key": {"enum": [tenant.key_ids["waba"], None]}},
        "NewContact": {"channel": {"enum": ["whatsapp"]}, "address": {"enum": [new_phone(), new_phone(), "12"]}},
        "NewSuppressions": {"channel": {"enum": ["whatsapp"]}, "addresses": {"enum": [[new_phone()], ["12"]]}},
        "BulkReplay": {"subscription_id": {"enum": [subscription(tenant), "wbs_1"]}},
    }


def _campaign(tenant: Tenant) -> JsonObject:
    return {
        "keys": _object({"whatsapp": _key(tenant.keys["whatsapp"])}),
        "content": {"enum": [{"whatsapp": {"message": each}} for each in _MESSAGES]},
        "columns": {"enum": [{"targets": {"whatsapp": "phone"}}]},
        "behaviour": _NULL,
        "schedule": {"enum": [int(time.time()) + 86_400]},
        "recurrence": {"enum": ["FREQ=WEEKLY;BYDAY=MO", "FREQ=HOURLY", None]},
        "time_zone": {"enum": ["Asia/Jakarta", "Mars/Olympus"]},
        "quiet_hours": {"enum": [{"from": "21:00", "until": "08:00"}, None]},
        "delay_seconds": _NULL,
    }


def _object(fields: Mapping[str, JsonObject]) -> JsonObject:
    return {"type": "object", "properties": dict(fields), "required": list(fields), "additionalProperties": False}


def _key(token: str) -> JsonObject:
    return {**_object({"token": {"const": token}, "fallback": {"type": "boolean"}}), "required": ["token"]}


def _content(tenant: Tenant, channel: str) -> JsonObject:
    """Let messages of every kind be made for one channel; the others take them by the same rules."""
    template = _object({"template": {"enum": [tenant.templates[channel], 999]}})
    message = _object({"message": {"anyOf": [{"enum": _MESSAGES}, {"$ref": "#/components/schemas/Message"}]}})
    return {"anyOf": [message, template]} if channel == "whatsapp" else template

"""What the room of customers' webhooks serves."""

from typing import Annotated, Final

from pydantic import Field

from api.openapi import counted
from api.openapi.operation import Answer, Body, Operation, Tag
from api.openapi.parameters import CREATED, CURSOR, LIMIT, identifier, query
from api.openapi.refusals import conflict
from api.webhooks import models
from shared.domain.webhooks import State

_SUBSCRIPTIONS: Final = Tag(
    name="Webhook subscriptions",
    description="""Where an account wants to hear of its messages.

A webhook is a POST of JSON, which has arrived when the answer, within ten seconds, is a 2xx. `X-Kirim-Event` says what it
tells. With `X-Kirim-Source: meta` its body is Meta's own, with `kirim` it is `{"id", "type", "created_at", "data"}`. Webhooks
come at least once: repeats have the same `X-Kirim-Event-Id`, and where it is Meta's message id also the same status.
`X-Kirim-Delivery-Id` and `X-Kirim-Attempt` name the webhook and its attempt.

`X-Kirim-Signature` is `t=<unix seconds>,v1=<hex>`, with one `v1` for each active secret: the HMAC-SHA256 of `<t>.<body>`, keyed
with the whole secret, `whsec_` included. Trust a webhook when one of them matches and `t` is at most 300 seconds old.
""",
)
_WEBHOOKS: Final = Tag(
    name="Webhook deliveries",
    description="What became of each webhook. It is tried eight times in about 31 hours, is kept for 30 days, and can be replayed.",
)

_EVENTS: Final = ["message.received", "message.status"]
_NEW: Final = {"url": "https://shop.example.com/hooks/kirim", "events": _EVENTS, "description": "orders"}
_SUBSCRIPTION_ID: Final = "wbs_01M7XC8EPCEHFVZ3Z7T6A5DQ50"
_SUBSCRIPTION: Final = identifier("The subscription's id.", models.SubscriptionId, _SUBSCRIPTION_ID)
_WEBHOOK: Final = identifier("The webhook's id.", models.WebhookId, "wbd_01M7XC8EPCEHFVZ3Z7T6A5DQ50")
_FILTERS: Final = (
    query("subscription_id", "Only those of this subscription.", models.SubscriptionId),
    query("status", "Only those that stand so.", State),
    query("event_type", "Only those of events of this type.", Annotated[str, Field(min_length=1, max_length=64)]),
    *CREATED,
    LIMIT,
    CURSOR,
)
_DISABLED: Final = conflict(
    "webhook_subscription_disabled",
    "the webhook subscription is disabled: activate it first",
    "The subscription is disabled.",
)

OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/v1/webhook_subscriptions",
        name="create_webhook_subscription",
        summary="Subscribe to events",
        description="Makes a subscription. `initial_secret` is shown this once.",
        tag=_SUBSCRIPTIONS,
        body=Body(type=models.NewSubscription, example=_NEW),
        answers=counted.answers(
            201,
            Answer(description="The subscription, with its secret.", type=models.OneCreated),
            *(400, 413),
            conflict=conflict(
                "webhook_subscription_limit",
                "an account has 50 webhook subscriptions at the most",
                "The account has too many subscriptions.",
            ),
        ),
    ),
    Operation(
        method="GET",
        path="/v1/webhook_subscriptions",
        name="list_webhook_subscriptions",
        summary="List subscriptions",
        description="Gives a page of subscriptions, the newest first.",
        tag=_SUBSCRIPTIONS,
        parameters=(LIMIT, CURSOR),
        answers=counted.answers(200, Answer(description="A page of subscriptions.", type=models.Subscriptions), 400),
    ),
    Operation(
        method="GET",
        path="/v1/webhook_subscriptions/<identifier>",
        name="look_up_webhook_subscription",
        summary="Look up a subscription",
        description="Gives a subscription. Its secrets are named, not shown.",
        tag=_SUBSCRIPTIONS,
        parameters=(_SUBSCRIPTION,),
        answers=counted.answers(200, Answer(description="The subscription.", type=models.OneSubscription), 404),
    ),
    Operation(
        method="PATCH",
        path="/v1/webhook_subscriptions/<identifier>",
        name="change_webhook_subscription",
        summary="Change a subscription",
        description="Changes what is given. One that is activated is told what it has missed.",
        tag=_SUBSCRIPTIONS,
        parameters=(_SUBSCRIPTION,),
        body=Body(type=models.Changes, example={"status": "active"}),
        answers=counted.answers(200, Answer(description="The subscription.", type=models.OneSubscription), 400, 404, 413),
    ),
    Operation(
        method="POST",
        path="/v1/webhook_subscriptions/<identifier>/secrets",
        name="create_webhook_secret",
        summary="Rotate the secret",
        description="Makes a secret, shown this once. The others go on signing for `expires_in_hours`, beside it.",
        tag=_SUBSCRIPTIONS,
        parameters=(_SUBSCRIPTION,),
        body=Body(type=models.NewSecret, example={"expires_in_hours": 24}, required=False),
        answers=counted.answers(
            201,
            Answer(description="The new secret.", type=models.OneSecret),
            *(400, 404, 413),
            conflict=conflict(
                "webhook_secret_limit",
                "a subscription has 5 active secrets at the most: with expires_in_hours 0 the others end",
                "The subscription has too many active secrets.",
            ),
        ),
    ),
    Operation(
        method="DELETE",
        path="/v1/webhook_subscriptions/<identifier>",
        name="delete_webhook_subscription",
        summary="Delete a subscription",
        description="Deletes a subscription with its webhooks. What is being posted at this moment may still arrive.",
        tag=_SUBSCRIPTIONS,
        parameters=(_SUBSCRIPTION,),
        answers=counted.answers(200, Answer(description="It is deleted.", type=models.OneDeleted), 404),
    ),
    Operation(
        method="GET",
        path="/v1/webhook_deliveries",
        name="list_webhook_deliveries",
        summary="List webhooks",
        description="Gives a page of webhooks, the newest first.",
        tag=_WEBHOOKS,
        parameters=_FILTERS,
        answers=counted.answers(200, Answer(description="A page of webhooks.", type=models.Webhooks), 400),
    ),
    Operation(
        method="GET",
        path="/v1/webhook_deliveries/<identifier>",
        name="look_up_webhook_delivery",
        summary="Look up a webhook",
        description="Gives a webhook as it stands.",
        tag=_WEBHOOKS,
        parameters=(_WEBHOOK,),
        answers=counted.answers(200, Answer(description="The webhook.", type=models.OneWebhook), 404),
    ),
    Operation(
        method="POST",
        path="/v1/webhook_deliveries/<identifier>/replay",
        name="replay_webhook_delivery",
        summary="Replay a webhook",
        description="Posts a webhook again, soon, whatever became of it. Its attempts are counted anew.",
        tag=_WEBHOOKS,
        parameters=(_WEBHOOK,),
        answers=counted.answers(202, Answer(description="The webhook, pending.", type=models.OneWebhook), 404, conflict=_DISABLED),
    ),
    Operation(
        method="POST",
        path="/v1/webhook_deliveries/bulk_replay",
        name="replay_webhook_deliveries",
        summary="Replay many webhooks",
        description="Posts those of one subscription again that match, the oldest first and at most 1000 at a time.",
        tag=_WEBHOOKS,
        body=Body(type=models.BulkReplay, example={"subscription_id": _SUBSCRIPTION_ID, "status": "dead"}),
        answers=counted.answers(
            202, Answer(description="How many are posted again.", type=models.ReplayedMany), 400, 404, 413, conflict=_DISABLED
        ),
    ),
)

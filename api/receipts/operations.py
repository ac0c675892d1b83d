"""What providers call."""

from typing import Annotated, Any, Final

from pydantic import Field

from api.openapi.operation import Answer, Auth, Body, Operation, Parameter, Tag
from api.openapi.refusals import only, refused

_TAG: Final = Tag(
    name="Receipts",
    description="What providers call by webhook: what became of messages, and what recipients write. No backend calls these.",
)
KEY: Final = Parameter(
    name="key",
    where="path",
    description="The id of the channel key, as `antar key list` shows it.",
    type=Annotated[str, Field(pattern="^key_[0-9A-HJKMNP-TV-Z]{26}$")],
)


def _asked(name: str, description: str) -> Parameter:
    return Parameter(name=f"hub.{name}", where="query", description=description)


_CHALLENGE: Final = (
    KEY,
    _asked("mode", "Always `subscribe`."),
    _asked("verify_token", "The `verify_token` of the key's credentials."),
    _asked("challenge", "What is answered."),
)
_META_SIGNATURE: Final = Parameter(
    name="X-Hub-Signature-256",
    where="header",
    description="`sha256=` and the HMAC of the body by the `app_secret` of the key's credentials, in hexadecimal digits.",
)
_WAHA_SIGNATURE: Final = Parameter(
    name="X-Webhook-Hmac",
    where="header",
    description="By WAHA: the HMAC-SHA512 of the body by the `webhook_secret` of the key's credentials, in hexadecimal digits.",
)
_GOWA_SIGNATURE: Final = Parameter(
    name="X-Hub-Signature-256",
    where="header",
    description="By GOWA: `sha256=` and the HMAC-SHA256 of the body by the same secret, in hexadecimal digits.",
)
_SECRET_TOKEN: Final = Parameter(
    name="X-Telegram-Bot-Api-Secret-Token",
    where="header",
    description="The `webhook_secret` of the key's credentials, which `setWebhook` was given as `secret_token`.",
)

_NOT_PROVEN: Final = refused(
    401,
    "authentication_error",
    "invalid_signature",
    "the signature is not the body's",
    "It is not shown that the key's provider sent it; nothing is stored.",
)
_WRONG_TOKEN: Final = refused(
    403, "authentication_error", "invalid_verify_token", "this is not the token agreed on", "The token is not the one agreed on."
)


def _takes(channel: str, name: str, summary: str, description: str, *proofs: Parameter) -> Operation:
    return Operation(
        method="POST",
        path=f"/v1/receipts/{channel}/<key>",
        name=name,
        summary=summary,
        description=f"{description} It is stored and answered at once; what it says is handled by a task.",
        tag=_TAG,
        auth=Auth.PROVIDER,
        parameters=(KEY, *proofs),
        body=Body(type=dict[str, Any]),
        answers={200: Answer(description="It is stored."), **_NOT_PROVEN, **only(413, 429, 503)},
    )


OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/v1/receipts/waba/<key>",
        name="verify_waba_callback",
        summary="Prove the callback to Meta",
        description="Answers Meta's challenge when it shows the token that was agreed on.",
        tag=_TAG,
        auth=Auth.PROVIDER,
        parameters=_CHALLENGE,
        answers={200: Answer(description="The challenge.", type=str, media_type="text/plain"), **_WRONG_TOKEN, **only(429, 503)},
    ),
    _takes("waba", "take_waba_webhook", "Take a webhook of Meta", "What the key's app has signed.", _META_SIGNATURE),
    _takes(
        "whatsapp",
        "take_whatsapp_webhook",
        "Take a webhook of WAHA or GOWA",
        "What the gateway of the key has signed.",
        _WAHA_SIGNATURE,
        _GOWA_SIGNATURE,
    ),
    _takes("telegram", "take_telegram_update", "Take an update of Telegram", "What shows the key's secret token.", _SECRET_TOKEN),
)

"""What the room of channel keys serves."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from api import etags
from api.keys import models
from api.openapi import counted
from api.openapi.operation import Answer, Body, Operation, Parameter, Tag
from api.openapi.parameters import CURSOR, LIMIT, identifier, query
from api.openapi.refusals import conflict
from shared.domain.channels import Channel
from shared.domain.states import KeyStatus

_TAG: Final = Tag(
    name="Channel keys",
    description="""What an account sends with: one for each sender, with its provider's credentials.

These may be `base_url`, `gateway` (`waha`, `gowa` or `fonnte`), `api_key`, `session` and `webhook_secret` for `whatsapp`;
`phone_number_id`, `access_token`, `app_secret`, `verify_token`, `waba_id`, `api_version` and `base_url` for `waba`; `bot_token`,
`base_url` and `webhook_secret` for `telegram`; `host`, `port`, `security` (`none`, `starttls` or `tls`), `username`, `password`,
`from_address`, `from_name`, `dkim` and `ca_certificate` for `email`.

A key made here reaches the public internet only, whatever the name of its host leads to at a call; a call that would go elsewhere
is not made, and suspends the key.
""",
)
_PATH: Final = "/v1/channels/<channel>/keys"
_CHANNEL: Final = Parameter(name="channel", where="path", description="The channel.", type=Channel, example="telegram")
_KEY: Final = identifier("The key's id.", models.KeyId, "key_01M7XC8EPCEHFVZ3Z7T6A5DQ50")
_ONE: Final = (_CHANNEL, _KEY)
_NEW: Final = {"name": "Shop bot", "credentials": {"bot_token": "1234567:AbCdEf"}, "rate_per_second": 20}
_REVOKED: Final = conflict("key_revoked", "a revoked key stays revoked", "The key is revoked.")


def _told(description: str, kind: Any = models.OneKey) -> Answer:
    return Answer(description=description, type=kind, headers=etags.HEADERS)


def _changing(status: int, answer: Answer, *others: int) -> Mapping[int, Answer]:
    return counted.managed(status, answer, 404, *others, more={**_REVOKED, **etags.CHANGED})


def _status(verb: Literal["suspend", "resume", "revoke"], summary: str, description: str, *, reasoned: bool = True) -> Operation:
    return Operation(
        method="POST",
        path=f"{_PATH}/<identifier>/{verb}",
        name=f"{verb}_channel_key",
        summary=summary,
        description=description,
        tag=_TAG,
        parameters=(*_ONE, etags.IF_MATCH),
        body=Body(type=models.KeyReason, example={"reason": "moved to another number"}, required=False) if reasoned else None,
        answers=_changing(200, _told("The key."), *((400, 413) if reasoned else ())),
    )


OPERATIONS: Final = (
    Operation(
        method="POST",
        path=_PATH,
        name="create_channel_key",
        summary="Make a key",
        description="Makes a key. `token`, by which sends name it, is shown this once.",
        tag=_TAG,
        parameters=(_CHANNEL,),
        body=Body(type=models.NewKey, example=_NEW),
        answers=counted.managed(201, Answer(description="The key, with its token.", type=models.OneCreatedKey), 400, 404, 413),
    ),
    Operation(
        method="GET",
        path=_PATH,
        name="list_channel_keys",
        summary="List keys",
        description="Gives a page of the account's keys of a channel, the newest first.",
        tag=_TAG,
        parameters=(_CHANNEL, query("status", "Only those that have this status.", KeyStatus), LIMIT, CURSOR),
        answers=counted.managed(200, Answer(description="A page of keys.", type=models.Keys), 400, 404),
    ),
    Operation(
        method="GET",
        path=f"{_PATH}/<identifier>",
        name="look_up_channel_key",
        summary="Look up a key",
        description="Gives a key. Its credentials are named, not shown.",
        tag=_TAG,
        parameters=(*_ONE, etags.IF_NONE_MATCH),
        answers=counted.managed(200, _told("The key."), 404, more=etags.UNCHANGED),
    ),
    Operation(
        method="PATCH",
        path=f"{_PATH}/<identifier>",
        name="change_channel_key",
        summary="Change a key",
        description="Changes what is given. Credentials are given whole: none of the old ones is kept.",
        tag=_TAG,
        parameters=(*_ONE, etags.IF_MATCH),
        body=Body(type=models.KeyChanges, example={"rate_per_second": 10}),
        answers=_changing(200, _told("The key."), 400, 413),
    ),
    _status("suspend", "Suspend a key", "Uses a key no more until it is resumed: its channel fails, and the next tier follows."),
    _status("resume", "Resume a key", "Uses a suspended key again, whoever or whatever suspended it.", reasoned=False),
    _status("revoke", "Revoke a key", "Uses a key never again. What was accepted with it fails on its channel."),
    Operation(
        method="POST",
        path=f"{_PATH}/<identifier>/rotate_token",
        name="rotate_channel_key_token",
        summary="Rotate the token",
        description="Gives a key another token, shown this once. The old one sends nothing more; what it has sent goes on.",
        tag=_TAG,
        parameters=(*_ONE, etags.IF_MATCH),
        answers=_changing(200, Answer(description="The key, with its new token.", type=models.OneCreatedKey)),
    ),
)

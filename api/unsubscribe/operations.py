"""What the room of unsubscribing serves."""

from typing import Final

from api.openapi.operation import Answer, Auth, Body, Operation, Parameter, Tag
from api.openapi.refusals import only

_TAG: Final = Tag(name="Unsubscribing", description="The link that stands in every email: for mail programs, and for people.")
_TOKEN: Final = Parameter(name="token", where="path", description="The signed token of the link.")
_PAGE: Final = Answer(description="A page for people.", type=str, media_type="text/html")

OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/unsubscribe/<token>",
        name="ask_to_unsubscribe",
        summary="Ask a person",
        description="Shows a page with a button. It changes nothing: a program that only follows links unsubscribes nobody.",
        tag=_TAG,
        auth=Auth.LINK,
        parameters=(_TOKEN,),
        answers={200: _PAGE, **only(404, 503)},
    ),
    Operation(
        method="POST",
        path="/unsubscribe/<token>",
        name="unsubscribe",
        summary="Stop further email",
        description="Puts the address on the account's suppression list, as a mail program asks with one click (RFC 8058).",
        tag=_TAG,
        auth=Auth.LINK,
        parameters=(_TOKEN,),
        body=Body(type=dict[str, str], media_type="application/x-www-form-urlencoded", required=False),
        answers={200: _PAGE, **only(404, 503)},
    ),
)

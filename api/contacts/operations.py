"""What the room of contacts serves."""

from typing import Annotated, Final, Literal

from pydantic import Field

from api import etags
from api.contacts import models
from api.openapi import counted
from api.openapi.operation import Answer, Body, Operation, Tag
from api.openapi.parameters import CURSOR, LIMIT, identifier, query
from api.openapi.refusals import conflict
from shared.domain.channels import Channel

_TAG: Final = Tag(
    name="Contacts",
    description="The people an account knows: those it made, and those that wrote or asked for no more messages. Who opted out is "
    "not written to on that channel.",
)
_ID: Final = identifier("The contact's id.", Annotated[str, Field(pattern="^[1-9][0-9]*$")], "17")
_ONE: Final = Answer(description="The contact.", type=models.OneContact, headers=etags.HEADERS)
_FILTERS: Final = (
    query("channel", "Only those of this channel.", Channel),
    query("search", "Only those whose address or name holds this.", Annotated[str, Field(min_length=3, max_length=320)]),
    query("opted_out", "Only those that want nothing, or only the others.", Literal["true", "false"]),
    LIMIT,
    CURSOR,
)

OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/v1/contacts",
        name="create_contact",
        summary="Make a contact",
        description="Makes a contact. Nobody has to be one to be written to.",
        tag=_TAG,
        body=Body(type=models.NewContact, example={"channel": "whatsapp", "address": "+62 812-3456-7890", "name": "Alex"}),
        answers=counted.managed(
            201,
            _ONE,
            *(400, 413),
            more=conflict(
                "contact_exists", "there is a contact with this address already", "The account knows the address on the channel."
            ),
        ),
    ),
    Operation(
        method="GET",
        path="/v1/contacts",
        name="list_contacts",
        summary="List contacts",
        description="Gives a page of contacts, the newest first.",
        tag=_TAG,
        parameters=_FILTERS,
        answers=counted.managed(200, Answer(description="A page of contacts.", type=models.Contacts), 400),
    ),
    Operation(
        method="GET",
        path="/v1/contacts/<identifier>",
        name="look_up_contact",
        summary="Look up a contact",
        description="Gives a contact.",
        tag=_TAG,
        parameters=(_ID, etags.IF_NONE_MATCH),
        answers=counted.managed(200, _ONE, 404, more=etags.UNCHANGED),
    ),
    Operation(
        method="PATCH",
        path="/v1/contacts/<identifier>",
        name="change_contact",
        summary="Change a contact",
        description="Changes what is given. `opted_out` notes the account's word, as if the person had said it now: a later one of "
        "the person counts more.",
        tag=_TAG,
        parameters=(_ID, etags.IF_MATCH),
        body=Body(type=models.ContactChanges, example={"opted_out": True}),
        answers=counted.managed(200, _ONE, 400, 404, 413, more=etags.CHANGED),
    ),
    Operation(
        method="DELETE",
        path="/v1/contacts/<identifier>",
        name="delete_contact",
        summary="Delete a contact",
        description="Forgets a contact. One that opted out stays: unknown again, it would be written to.",
        tag=_TAG,
        parameters=(_ID, etags.IF_MATCH),
        answers=counted.managed(
            200,
            Answer(description="It is deleted.", type=models.OneDeletedContact),
            404,
            more={
                **etags.CHANGED,
                **conflict(
                    "contact_opted_out", "the contact has opted out, which deleting it would forget", "The contact has opted out."
                ),
            },
        ),
    ),
)

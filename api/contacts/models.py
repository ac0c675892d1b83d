"""Contacts, as they are asked for and answered: :mod:`api.contacts.render` writes the latter."""

from typing import Annotated, Literal

from pydantic import Field

from api.models import Answered, Moment, Page, RequestId
from api.native import Asked
from shared.domain.channels import Channel
from shared.domain.content import Text

ContactId = Annotated[int, Field(ge=1)]
Name = Annotated[Text, Field(max_length=200)]
Email = Annotated[Text, Field(max_length=320, description="An email address to show beside it; nothing is sent to it.")]
OptedOut = Annotated[bool, Field(description="`true` stops every further message to it, `false` allows them again.")]


class NewContact(Asked):
    """A contact to be made."""

    channel: Channel
    address: Annotated[Text, Field(min_length=1, max_length=320, description="In any form that the channel takes.")]
    name: Name | None = None
    email: Email | None = None
    opted_out: OptedOut = False


class ContactChanges(Asked):
    """What is to change of a contact. What is left out stays; `null` takes the name or the email address away."""

    name: Name | None = None
    email: Email | None = None
    opted_out: OptedOut | None = None


class Contact(Answered):
    """A person, known by an address on a channel."""

    id: ContactId
    object: Literal["contact"]
    channel: Channel
    address: Annotated[str, Field(description="In the channel's canonical form.")]
    name: str | None
    email: str | None
    opted_out: Annotated[bool, Field(description="Whether it wants nothing: its latest word counts.")]
    opted_out_at: Annotated[Moment | None, Field(description="When it last asked for nothing.")]
    opted_in_at: Annotated[Moment | None, Field(description="When it last asked for messages again.")]
    created_at: Moment
    updated_at: Moment


class DeletedContact(Answered):
    """What was deleted."""

    id: ContactId
    object: Literal["contact"]
    deleted: Literal[True]


class OneContact(Answered):
    """A contact."""

    data: Contact
    request_id: RequestId


class OneDeletedContact(Answered):
    """A contact that is there no more."""

    data: DeletedContact
    request_id: RequestId


class Contacts(Page):
    """A page of contacts, the newest first."""

    data: list[Contact]

"""What requests about contacts may say."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from api import lists, native
from api.contacts import models
from shared.domain.channels import Channel
from shared.management.address_book import Filters

_FILTERS: Final = ("channel", "search", "opted_out")


def new_contact(body: bytes) -> models.NewContact:
    """Read a contact to be made. Raises :class:`api.errors.InvalidRequest`, naming the field."""
    return native.parse(models.NewContact, body)


def changes(body: bytes) -> Mapping[str, Any]:
    """Read the changes of a contact, by their names. Raises as :func:`new_contact`."""
    wanted = native.parse(models.ContactChanges, body)
    said = {name: getattr(wanted, name) for name in wanted.model_fields_set}
    return {name: value for name, value in said.items() if value is not None or name != "opted_out"}


def query(arguments: Mapping[str, str], account_id: UUID) -> tuple[lists.Page, Filters]:
    """Read the query of a list. Raises as :func:`new_contact`, naming the parameter."""
    filters = Filters(
        channel=lists.member(arguments, "channel", Channel),
        search=native.searched(arguments),
        opted_out=native.switch(arguments, "opted_out"),
    )
    search = ("contacts", account_id.hex, *(arguments.get(name) for name in _FILTERS))
    return lists.page(arguments, search), filters

"""Meta's webhooks: statuses of messages, what people write, and what they prefer (Meta, Cloud API webhooks: ``messages``)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from shared.domain import targets
from shared.domain.channels import Channel
from shared.domain.content import JsonObject
from shared.domain.receipts import Receipt
from worker.channels import answers
from worker.channels.base import Inbound, News, Report, Wish
from worker.channels.documents import document, mapping, moment, nested, objects
from worker.channels.waba import errors

_RECEIPTS: Final = {
    "sent": Receipt.SENT,
    "delivered": Receipt.DELIVERED,
    "read": Receipt.READ,
    "played": Receipt.READ,
    "failed": Receipt.FAILED,
}
"""Voice messages are played. Other statuses say nothing of how far a message got."""

_TEMPLATES: Final = ("message_template_", "template_category_update")
"""How the fields begin that tell of templates: their status, quality, components and category."""

_WISHES: Final = {"stop": False, "resume": True}
_TEXTS: Final[tuple[tuple[str, ...], ...]] = (
    ("text", "body"),
    ("button", "text"),
    ("interactive", "button_reply", "title"),
    ("interactive", "list_reply", "title"),
    ("image", "caption"),
    ("video", "caption"),
    ("document", "caption"),
)
"""Where a message has what the person wrote or tapped."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Change:
    """One change of a webhook, of which Meta puts many into one."""

    root: JsonObject
    entry: JsonObject
    change: JsonObject
    contacts: Mapping[str, list[JsonObject]]
    """What is said of persons, by their numbers."""

    @property
    def value(self) -> JsonObject:
        return mapping(self.change.get("value"))

    @property
    def sender(self) -> str | None:
        return answers.words(nested(self.value, "metadata", "phone_number_id")) or None

    @property
    def number(self) -> str | None:
        """The sender's number, in digits."""
        said = nested(self.value, "metadata", "display_phone_number")
        return targets.phone(said) if isinstance(said, str) else None

    def contact(self, number: Any) -> list[JsonObject]:
        """Give what is said of the person of a number."""
        return self.contacts.get(number, []) if isinstance(number, str) else []

    def reduced_to(self, **content: list[JsonObject]) -> JsonObject:
        """Give the webhook as Meta would have sent it for this alone."""
        value = {**_kept(self.value, "messaging_product", "metadata"), **content}
        change = {"value": value, **_kept(self.change, "field")}
        return {**_kept(self.root, "object"), "entry": [{**_kept(self.entry, "id", "time"), "changes": [change]}]}


def _kept(source: JsonObject, *names: str) -> JsonObject:
    return {name: source[name] for name in names if name in source}


def read(body: bytes) -> News:
    """Read what a webhook tells. Raises :class:`ValueError` when it is no JSON. Errors of a change concern no message."""
    changes = list(_changes(document(body)))
    return News(
        reports=tuple(report for change in changes for report in _reports(change)),
        inbound=tuple(inbound for change in changes for inbound in _inbound(change)),
        wishes=tuple(wish for change in changes for wish in _wishes(change)),
        numbers=dict(_numbers(changes)),
        templates=any(str(change.change.get("field")).startswith(_TEMPLATES) for change in changes),
    )


def _changes(root: JsonObject) -> Iterator[_Change]:
    for entry in objects(root.get("entry")):
        for change in objects(entry.get("changes")):
            yield _Change(root=root, entry=entry, change=change, contacts=_by_number(mapping(change.get("value")).get("contacts")))


def _by_number(contacts: Any) -> Mapping[str, list[JsonObject]]:
    found: dict[str, list[JsonObject]] = defaultdict(list)
    for contact in objects(contacts):
        if isinstance(number := contact.get("wa_id"), str):
            found[number].append(contact)
    return found


def _numbers(changes: Iterable[_Change]) -> Iterator[tuple[str, str]]:
    for change in changes:
        sender, number = change.sender, change.number
        if sender and number:
            yield sender, number


def _reports(change: _Change) -> Iterator[Report]:
    for status in objects(change.value.get("statuses")):
        receipt, message_id = _RECEIPTS.get(str(status.get("status"))), answers.words(status.get("id"))
        if receipt is not None and message_id:
            yield Report(
                delivery_id=_delivery_id(status.get("biz_opaque_callback_data")),
                provider_message_id=message_id,
                receipt=receipt,
                refusal=errors.reported(next(objects(status.get("errors")), {})) if receipt is Receipt.FAILED else None,
                raw=_raw(change, status.get("recipient_id"), statuses=[status]),
            )


def _raw(change: _Change, number: Any, **content: list[JsonObject]) -> JsonObject:
    contacts = change.contact(number)
    return change.reduced_to(**({"contacts": contacts} if contacts else {}), **content)


def _delivery_id(data: Any) -> UUID | None:
    """Read back what was sent along with the message; others who use the number send along what they like."""
    try:
        return UUID(data) if isinstance(data, str) else None
    except ValueError:
        return None


def _inbound(change: _Change) -> Iterator[Inbound]:
    """Read what people wrote. In a group it is written to all; and what names no number comes from nobody who can be answered."""
    for message in objects(change.value.get("messages")):
        address, at, message_id = _address(message.get("from")), moment(message.get("timestamp")), answers.words(message.get("id"))
        if address and at and message_id and "group_id" not in message:
            yield Inbound(
                provider_message_id=message_id,
                address=address,
                at=at,
                kind=answers.words(message.get("type"), "unknown"),
                text=_text(message),
                name=next((answers.words(nested(each, "profile", "name")) for each in change.contact(message["from"])), None)
                or None,
                sender=change.sender,
                raw=_raw(change, message["from"], messages=[message]),
            )


def _address(number: Any) -> str | None:
    return targets.normalise(Channel.WABA, number) if isinstance(number, str) else None


def _text(message: JsonObject) -> str | None:
    said = (nested(message, *path) for path in _TEXTS)
    return next((text for text in said if isinstance(text, str)), None)


def _wishes(change: _Change) -> Iterator[Wish]:
    """Read what people chose in WhatsApp itself (Meta, webhooks: ``user_preferences``)."""
    for preference in objects(change.value.get("user_preferences")):
        address, at = _address(preference.get("wa_id")), moment(preference.get("timestamp"))
        wants = _WISHES.get(str(preference.get("value")))
        if address and at and wants is not None:
            yield Wish(address=address, at=at, wants=wants)

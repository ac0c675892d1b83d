"""Webhooks as each provider writes them, and the inbox they come to."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select

from shared import ids
from shared.db.tables import channel_keys, contacts, conversations, deliveries, inbox, sends
from tests.integration.worker.conftest import Desk
from worker.receipts import handling

Json = dict[str, Any]

PERSON = "6281234567890"
START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def at(minutes: int) -> datetime:
    """Give a moment of the past that providers tell of."""
    return START + timedelta(minutes=minutes)


def unix(minutes: int) -> int:
    return int(at(minutes).timestamp())


def of_meta(number: str = "1", **value: Any) -> bytes:
    metadata = {"phone_number_id": number, "display_phone_number": "+1 555-000-1111"}
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "2", "changes": [change]}]}).encode()


def status(name: str, delivery_id: UUID | None, wamid: str = "wamid.1", code: int = 131026) -> Json:
    told: Json = {"id": wamid, "status": name, "timestamp": "1698266945", "recipient_id": PERSON}
    named = {} if delivery_id is None else {"biz_opaque_callback_data": str(delivery_id)}
    return {**told, **named, **({"errors": [{"code": code}]} if name == "failed" else {})}


def to_meta(text: str, minutes: int, wamid: str = "wamid.in", person: str = PERSON, number: str = "1") -> bytes:
    message = {"from": person, "id": wamid, "timestamp": str(unix(minutes)), "type": "text", "text": {"body": text}}
    return of_meta(number, contacts=[{"profile": {"name": "Ann"}, "wa_id": person}], messages=[message])


def of_waha(event: str, minutes: int = 0, **payload: Any) -> bytes:
    return json.dumps({"event": event, "session": "default", "timestamp": unix(minutes) * 1000, "payload": payload}).encode()


def ack(message_id: str, level: int) -> bytes:
    return of_waha("message.ack", id=message_id, ack=level, fromMe=True, to=f"{PERSON}@c.us")


def to_waha(text: str, minutes: int, message_id: str = "false_1_A") -> bytes:
    message: Json = {"id": message_id, "from": f"{PERSON}@c.us", "timestamp": unix(minutes), "fromMe": False, "body": text}
    return of_waha("message", **message)


def of_gowa(receipt: str, *message_ids: str) -> bytes:
    return json.dumps({"event": "message.ack", "payload": {"ids": message_ids, "receipt_type": receipt}}).encode()


def to_bot(text: str, minutes: int, chat: int = 42) -> bytes:
    message = {"message_id": minutes, "date": unix(minutes), "chat": {"id": chat, "type": "private"}, "text": text}
    return json.dumps({"update_id": 1, "message": message}).encode()


def bot_blocked(status: str, minutes: int, chat: int = 42) -> bytes:
    change = {"date": unix(minutes), "chat": {"id": chat, "type": "private"}, "new_chat_member": {"status": status}}
    return json.dumps({"update_id": 1, "my_chat_member": change}).encode()


def store(desk: Desk, key_id: UUID, content: bytes, provider: str = "waba", **changes: Any) -> UUID:
    """Put a webhook into the inbox, as the api does."""
    webhook_id = ids.new()
    with desk.database.begin() as connection:
        row = {"id": webhook_id, "key_id": key_id, "provider": provider, "body": content, **changes}
        connection.execute(insert(inbox).values(row))
    return webhook_id


def handle(desk: Desk, *webhook_ids: UUID) -> None:
    desk.runtime.run(handling.handle(desk.process, webhook_ids))


def hear(desk: Desk, key_id: UUID, content: bytes, provider: str = "waba", **changes: Any) -> UUID:
    """Store one webhook and handle it."""
    webhook_id = store(desk, key_id, content, provider, **changes)
    handle(desk, webhook_id)
    return webhook_id


def left(desk: Desk, webhook_ids: Sequence[UUID]) -> int:
    with desk.database.connect() as connection:
        statement = select(func.count()).select_from(inbox).where(inbox.c.id.in_(webhook_ids))
        return connection.execute(statement).scalar_one()


def key_row(desk: Desk, key_id: UUID) -> Json:
    with desk.database.connect() as connection:
        return dict(connection.execute(select(channel_keys).where(channel_keys.c.id == key_id)).mappings().one())


def people(desk: Desk) -> dict[tuple[str, str], tuple[datetime | None, datetime | None, str | None]]:
    """Give when the account's people opted out and in, and their names, by channel and address."""
    columns = contacts.c.channel, contacts.c.address, contacts.c.opted_out_at, contacts.c.opted_in_at, contacts.c.name
    with desk.database.connect() as connection:
        rows = connection.execute(select(*columns).where(contacts.c.account_id == desk.account_id))
        return {(row.channel, row.address): (row.opted_out_at, row.opted_in_at, row.name) for row in rows}


def windows(desk: Desk) -> dict[tuple[UUID, str], datetime]:
    """Give when people last wrote, by key and address."""
    columns = conversations.c.key_id, conversations.c.address, conversations.c.last_inbound_at
    with desk.database.connect() as connection:
        rows = connection.execute(select(*columns).where(conversations.c.account_id == desk.account_id))
        return {(row.key_id, row.address): row.last_inbound_at for row in rows}


def clear(desk: Desk) -> None:
    """Leave nothing of the account to be recovered by another test."""
    own = select(channel_keys.c.id).where(channel_keys.c.account_id == desk.account_id)
    with desk.database.begin() as connection:
        connection.execute(inbox.delete().where(inbox.c.key_id.in_(own)))
        connection.execute(deliveries.delete().where(deliveries.c.account_id == desk.account_id))
        connection.execute(sends.delete().where(sends.c.account_id == desk.account_id))

"""Providers repeat their webhooks, late and in any order: what is known in the end is the same."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, update

from shared import ids
from shared.db.tables import deliveries
from shared.domain.channels import Channel
from shared.management import accounts
from tests.integration.worker.conftest import Desk, later
from tests.integration.worker.heard import (
    Json,
    ack,
    bot_blocked,
    clear,
    handle,
    of_gowa,
    of_meta,
    people,
    status,
    store,
    to_bot,
    to_meta,
    to_waha,
    windows,
)
from tests.integration.worker.stories import send_state
from worker.channels.whatsapp import message_ids
from worker.runtime.process import Runtime

_MARKED = "6281200000002"


@dataclass(frozen=True, kw_only=True)
class Told:
    """Sends of one account, and all that providers tell of them and of its people."""

    desk: Desk
    keys: dict[str, UUID]
    made: list[UUID] = field(default_factory=list)
    webhooks: list[tuple[str, bytes]] = field(default_factory=list)

    def send(self, channel: Channel, state: str, **changes: Any) -> UUID:
        key_id = self.keys[{Channel.WABA: "waba", Channel.WHATSAPP: "waha"}[channel]]
        codes = {"code": "answer_timeout", "reason": "late"} if state == "unknown" else {}
        called = {"state": state, "attempts": 1, "claimed_at": later(-6), **codes, **changes}
        made = self.desk.send((channel, 0, key_id), (Channel.EMAIL, 1, self.keys["email"]), **called)
        self.made.append(made[0])
        return made[0]

    def hear(self, provider: str, *bodies: bytes) -> None:
        self.webhooks.extend((provider, body) for body in bodies)

    def snapshot(self) -> Json:
        """Give all that is known, without what differs between accounts."""
        rows = [self.desk.row(each) for each in self.made]
        names = {key_id: name for name, key_id in self.keys.items()}
        known = people(self.desk)
        return {
            "deliveries": [(row["state"], row["receipt"], row["code"], row["provider_message_id"]) for row in rows],
            "sends": [send_state(self.desk, each) for each in self.made],
            "people": {who: said for who, said in known.items() if who[1] != _MARKED},
            "marked": [stopped is not None for who, (stopped, _, _) in known.items() if who[1] == _MARKED],
            "windows": {(names[key_id], who): wrote for (key_id, who), wrote in windows(self.desk).items()},
        }


def tell(desk: Desk) -> Told:
    keys = {channel.value: desk.key(channel) for channel in (Channel.WABA, Channel.TELEGRAM, Channel.EMAIL)}
    told = Told(desk=desk, keys={**keys, "waha": desk.key(Channel.WHATSAPP), "gowa": desk.key(Channel.WHATSAPP, provider_id=None)})
    _by_meta(told)
    _by_gateways(told)
    told.hear("waba", to_meta("STOP", 1), to_meta("hello", 4), to_meta("START", 2), to_meta("Stop", 3))
    told.hear("waha", to_waha("BAJA", 5), to_waha("start", 6))
    told.hear("telegram", to_bot("/start", 1), bot_blocked("kicked", 2), bot_blocked("member", 3), to_bot("/stop", 4))
    return told


def _by_meta(told: Told) -> None:
    read, undelivered = told.send(Channel.WABA, "unknown"), told.send(Channel.WABA, "unknown")
    stubborn = told.send(Channel.WABA, "sent", provider_message_id="wamid.3")
    _readdress(told.desk, stubborn)
    told.hear("waba", *(of_meta(statuses=[status(name, read, "wamid.1")]) for name in ("sent", "delivered", "read", "failed")))
    told.hear("waba", of_meta(statuses=[status(name, undelivered, "wamid.2") for name in ("failed", "sent")]))
    told.hear("waba", of_meta(statuses=[status("failed", stubborn, "wamid.3", code=131050), status("sent", stubborn, "wamid.3")]))


def _readdress(desk: Desk, delivery_id: UUID) -> None:
    with desk.database.begin() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(address=_MARKED))


def _by_gateways(told: Told) -> None:
    ours = told.send(Channel.WHATSAPP, "unknown")
    told.send(Channel.WHATSAPP, "sent", provider_message_id="3EB0A")
    told.hear("waha", *(ack(f"true_1@c.us_{message_ids.message_id(ours)}", level) for level in (1, 2, 3)))
    told.hear("gowa", of_gowa("delivered", "3EB0A", "3EB0B"), of_gowa("read", "3EB0A"), of_gowa("read", "3EB0C"))


def tell_in(order: Sequence[int], told: Told, batch: int) -> Json:
    """Store the webhooks in an order, repeats included, and handle them in batches; then all of them once more."""
    stored = [store(told.desk, told.keys[told.webhooks[each][0]], told.webhooks[each][1], told.webhooks[each][0]) for each in order]
    for start in range(0, len(stored), batch):
        handle(told.desk, *stored[start : start + batch])
    handle(told.desk, *reversed(stored))
    return _unmade(told.snapshot(), told)


def _unmade(snapshot: Json, told: Told) -> Json:
    """Write the ids of messages that antar chose without the delivery they come from."""
    ours = {message_ids.message_id(each): f"ours {number}" for number, each in enumerate(told.made)}

    def plain(message_id: str | None) -> str | None:
        return ours.get(message_ids.bare(message_id), message_id) if message_id else None

    rows = [(*row[:3], plain(row[3])) for row in snapshot["deliveries"]]
    return {**snapshot, "deliveries": rows}


def _desk(database: Engine, runtime: Runtime) -> Desk:
    with database.begin() as connection:
        account_id = accounts.create(connection, f"order {ids.new()}").id
    return Desk(database=database, runtime=runtime, account_id=account_id)


@given(seed=st.integers(0, 2**32), batch=st.integers(1, 30))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_and_any_repeats_end_in_the_same(database: Engine, runtime: Runtime, seed: int, batch: int) -> None:
    shuffle = random.Random(seed)  # noqa: S311 - an order, not a secret.
    plain, told = tell(_desk(database, runtime)), tell(_desk(database, runtime))
    in_turn = list(range(len(plain.webhooks)))
    order = [*in_turn, *shuffle.choices(in_turn, k=10)]
    shuffle.shuffle(order)
    expected, found = tell_in(in_turn, plain, 1), tell_in(order, told, batch)
    for each in (plain, told):
        clear(each.desk)
    assert found == expected

"""What people write and gateways say of their devices: whom it concerns, what is noted, and what customers hear of it."""

from typing import Any
from uuid import UUID

from sqlalchemy import event, insert, update

from shared import ids
from shared.db.tables import channel_keys, contacts
from shared.domain.channels import Channel
from shared.management import accounts, keys
from tests.integration.worker.conftest import Desk, later
from tests.integration.worker.heard import (
    PERSON,
    at,
    bot_blocked,
    handle,
    hear,
    key_row,
    of_meta,
    people,
    status,
    store,
    to_bot,
    to_meta,
    unix,
    windows,
)
from worker.deliver import guards


def test_who_stops_wants_nothing_until_it_starts_again(desk: Desk) -> None:
    key_id = desk.key(Channel.WABA)
    made = [desk.send((Channel.WABA, 0, key_id))[0] for _ in range(3)]
    hear(desk, key_id, to_meta("Hi", 1))
    assert [guards.not_opted_out(claim) for claim in desk.claim(made[:1])] == [None]
    hear(desk, key_id, to_meta(" Stop. ", 2))
    (stopped,) = desk.claim(made[1:2])
    assert (stop := guards.not_opted_out(stopped)) is not None
    assert stop.reason == "recipient has opted out"
    hear(desk, key_id, to_meta("START", 3))
    assert [guards.not_opted_out(claim) for claim in desk.claim(made[2:])] == [None]
    assert people(desk) == {("waba", PERSON): (at(2), at(3), "Ann")}


def test_a_button_is_labelled_by_somebody_else(desk: Desk) -> None:
    """Who taps *Cancel* or *Start* has answered a question; *Stop promotions* can mean nothing else."""
    key_id = desk.key(Channel.WABA)
    reply = {"type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"id": "1", "title": "Cancel"}}}
    for tapped in (reply, {"type": "button", "button": {"text": "Cancel"}}, {"type": "button", "button": {"text": "Start"}}):
        hear(desk, key_id, of_meta(messages=[{"from": PERSON, "id": "wamid.in", "timestamp": str(unix(1)), **tapped}]))
    assert people(desk) == {}
    stop = {"type": "button", "button": {"text": "Stop promotions"}}
    hear(desk, key_id, of_meta(messages=[{"from": PERSON, "id": "wamid.in", "timestamp": str(unix(2)), **stop}]))
    assert people(desk) == {("waba", PERSON): (at(2), None, None)}


def test_a_word_of_the_future_that_is_handled_again_is_not_said_again(desk: Desk) -> None:
    """The webhook of it came when it did: who starts again since has the later word."""
    key_id = desk.key(Channel.WABA)
    ahead = to_meta("STOP", 10_000_000)
    stopped = hear(desk, key_id, ahead, received_at=later(-60))
    hear(desk, key_id, to_meta("START", int((later(-30) - at(0)).total_seconds() // 60) + 1), received_at=later(-30))
    handle(desk, store(desk, key_id, ahead, id=stopped, received_at=later(-60)))
    ((out, back, _),) = people(desk).values()
    assert out is not None
    assert back is not None
    assert out < back


def test_a_bot_that_is_blocked_is_not_wanted(desk: Desk) -> None:
    key_id = desk.key(Channel.TELEGRAM)
    hear(desk, key_id, bot_blocked("kicked", 1), "telegram")
    assert people(desk) == {("telegram", "42"): (at(1), None, None)}
    hear(desk, key_id, to_bot("/start summer", 2), "telegram")
    assert people(desk) == {("telegram", "42"): (at(1), at(2), None)}


def test_a_provider_s_clock_that_is_ahead_is_not_believed(desk: Desk) -> None:
    key_id = desk.key(Channel.WABA)
    hear(desk, key_id, to_meta("STOP", 10_000_000))
    ((stopped, _, _),) = people(desk).values()
    (wrote,) = windows(desk).values()
    assert stopped == wrote
    assert wrote <= later(0)


def test_a_name_that_somebody_gave_is_kept(desk: Desk) -> None:
    key_id = desk.key(Channel.WABA)
    with desk.database.begin() as connection:
        row = {"account_id": desk.account_id, "channel": "waba", "address": PERSON, "name": "Dr. Ann Lee"}
        connection.execute(insert(contacts).values(row))
    hear(desk, key_id, to_meta("Hi", 1))
    assert people(desk) == {("waba", PERSON): (None, None, "Dr. Ann Lee")}


def _waba(desk: Desk, number: str) -> UUID:
    with desk.database.begin() as connection:
        credentials = {"phone_number_id": number, "access_token": "a", "base_url": "http://127.0.0.1:1"}
        return keys.create(connection, desk.account_id, Channel.WABA, number, credentials)[0].id


def test_a_window_opens_for_the_number_that_was_written_to(desk: Desk) -> None:
    """One Meta app has one address for the webhooks of all its numbers."""
    own, other, again = (_waba(desk, number) for number in ("1", "2", "2"))
    hear(desk, own, to_meta("Hi", 1, number="2"))
    assert windows(desk) == {(other, PERSON): at(1), (again, PERSON): at(1)}
    hear(desk, own, to_meta("Hi", 2, number="7"))
    assert windows(desk)[own, PERSON] == at(2)


def test_a_window_is_enforced_per_key(desk: Desk) -> None:
    own, other = (_waba(desk, number) for number in ("1", "2"))
    with desk.database.begin() as connection:
        enforced = update(channel_keys).where(channel_keys.c.id.in_([own, other])).values(settings={"window": "enforce"})
        connection.execute(enforced)
    made = [desk.send((Channel.WABA, 0, key_id))[0] for key_id in (own, own, other)]
    refused = [guards.window_open(claim) is not None for claim in desk.claim(made[:1])]
    now = int((later(-60) - at(0)).total_seconds() // 60)
    hear(desk, own, to_meta("Hi", now))
    refused += [guards.window_open(claim) is not None for each in made[1:] for claim in desk.claim([each])]
    assert refused == [True, False, True]


def test_another_account_s_key_of_the_same_number_hears_nothing(desk: Desk) -> None:
    with desk.database.begin() as connection:
        other = accounts.create(connection, f"other {ids.new()}").id
    foreign = Desk(database=desk.database, runtime=desk.runtime, account_id=other)
    foreign.key(Channel.WABA)
    hear(desk, desk.key(Channel.WABA), to_meta("STOP", 1))
    assert (people(foreign), windows(foreign)) == ({}, {})


def test_a_key_learns_its_number(desk: Desk) -> None:
    unnamed, named, other = _waba(desk, "1"), desk.key(Channel.WABA, sender="6281"), _waba(desk, "2")
    hear(desk, unnamed, of_meta(statuses=[status("read", None)]))
    assert [key_row(desk, each)["sender"] for each in (unnamed, named, other)] == ["15550001111", "6281", None]
    hear(desk, unnamed, of_meta("2", statuses=[status("read", None)]))
    assert key_row(desk, other)["sender"] == "15550001111"


def test_new_credentials_are_those_of_another_number(desk: Desk) -> None:
    key_id = _waba(desk, "1")
    with desk.database.begin() as connection:
        keys.renew(connection, key_id, {"phone_number_id": "9", "access_token": "a"})
    assert key_row(desk, key_id)["provider_id"] == "9"


def test_a_webhook_of_many_entries_takes_no_more_statements_than_one(desk: Desk) -> None:
    key_id = desk.key(Channel.WABA)
    made = [desk.send((Channel.WABA, 0, key_id), state="sent")[0] for _ in range(40)]

    def statements(*bodies: bytes) -> int:
        seen: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            seen.append(statement)

        stored = [store(desk, key_id, body) for body in bodies]
        event.listen(desk.process.engine.sync_engine, "before_cursor_execute", note)
        try:
            handle(desk, *stored)
        finally:
            event.remove(desk.process.engine.sync_engine, "before_cursor_execute", note)
        return len(seen)

    one = statements(of_meta(statuses=[status("delivered", made[0], "wamid.0")]), to_meta("Hi", 1))
    many = [of_meta(statuses=[status("delivered", each, f"wamid.{each}") for each in made[1:]])]
    assert (
        statements(*many, *(to_meta("Hi", minutes, f"wamid.in.{minutes}", f"62812345{minutes:05}") for minutes in range(9))) <= one
    )

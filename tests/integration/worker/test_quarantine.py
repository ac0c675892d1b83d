"""The quarantine: what our own code failed at is kept, found, and sent after all where that is right."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update

from shared import ids
from shared.db.tables import deliveries, events, quarantine, sends
from shared.domain.channels import Channel
from shared.domain.outcome import Action, Code, NotSent, Outcome, Sent, Unknown
from shared.domain.retry import End
from shared.management import quarantine as management
from shared.management.errors import NotFound, TooLate
from shared.management.quarantine import Filters
from tests.integration.worker.conftest import Desk, later, result
from worker import recovery
from worker.deliver.bugs import Bug, Step

_STOPPED = NotSent(code=Code.INTERNAL_ERROR, reason="internal error before the call", action=Action.RETRY)
_MAYBE = Unknown(code=Code.INTERNAL_ERROR, reason="internal error during the call: it may have been sent")
_NUMBER = "6281200000777"
_OUTCOMES: dict[Step, Outcome] = {Step.CALL: _MAYBE, Step.RECORD: Sent(provider_message_id="1")}


@pytest.fixture(autouse=True)
def _empty(desk: Desk) -> Iterator[None]:
    yield
    with desk.database.begin() as connection:
        connection.execute(delete(quarantine).where(quarantine.c.account_id == desk.account_id))


def _trip(kind: type[Exception]) -> None:
    raise kind(_NUMBER) from ValueError(_NUMBER)


def _bug(step: Step, kind: type[Exception] = KeyError) -> Bug:
    try:
        _trip(kind)
    except kind as error:
        return Bug.of(step, error)
    raise AssertionError


def _fail(desk: Desk, step: Step = Step.PREPARE, fallback: bool = True, **changes: Any) -> list[UUID]:  # noqa: FBT001, FBT002 - a test's own.
    """Commit a send whose first delivery ends by a bug."""
    planned = [(Channel.TELEGRAM, 0, desk.key()), (Channel.EMAIL, 1, desk.key(Channel.EMAIL))]
    made = desk.send(*planned[: 1 + fallback], attempts=1, failures=2, **changes)
    (claimed,) = desk.claim(made[:1])
    outcome = _OUTCOMES.get(step, _STOPPED)
    called = None if step in {Step.CLAIM, Step.PREPARE} else 0.0
    kept = replace(result(claimed, outcome, End()), called_after=called, bug=_bug(step))
    desk.runtime.run(desk.process.writer.write(kept))
    return made


def _end(desk: Desk, delivery_id: UUID, outcome: Outcome | None = None) -> None:
    (claimed,) = desk.claim([delivery_id])
    desk.runtime.run(desk.process.writer.write(result(claimed, outcome, End())))


def _replay(desk: Desk, delivery_id: UUID, **options: bool) -> None:
    with desk.database.begin() as connection:
        due = management.replay(connection, delivery_id, "test", **options)
    assert (due.id, due.queue) == (delivery_id, "send")


def _find(desk: Desk, delivery_id: UUID) -> management.Entry:
    with desk.database.connect() as connection:
        return management.find(connection, delivery_id)


def _listed(desk: Desk, filters: Filters | None = None, limit: int = 100, before: UUID | None = None) -> list[UUID]:
    with desk.database.connect() as connection:
        return [each.delivery_id for each in management.every(connection, filters or Filters(), limit, before)]


def _send(desk: Desk, delivery_id: UUID) -> tuple[str, int, bool]:
    statement = select(sends.c.state, sends.c.tier, sends.c.ended_at).where(sends.c.id == ids.send_of(delivery_id))
    with desk.database.connect() as connection:
        row = connection.execute(statement).one()
    return row.state, row.tier, row.ended_at is not None


def test_an_entry_tells_what_went_wrong_and_nothing_of_the_message(desk: Desk) -> None:
    (made,) = _fail(desk, fallback=False)
    entry = _find(desk, made)
    assert (entry.step, entry.error) == ("prepare", "KeyError from ValueError")
    assert (entry.channel, entry.delivery_state, entry.send_state) == ("telegram", "failed", "failed")
    assert "in _trip" in entry.trace
    assert "ValueError:" in entry.trace
    assert _NUMBER not in entry.trace


def test_entries_are_listed_the_newest_first(desk: Desk) -> None:
    made = [_fail(desk, fallback=False)[0] for _ in range(4)]
    with desk.database.begin() as connection:
        connection.execute(update(quarantine).where(quarantine.c.delivery_id == made[0]).values(error="TypeError"))
    assert _listed(desk) == made[::-1]
    assert [_listed(desk, limit=3), _listed(desk, limit=3, before=made[1])] == [made[:0:-1], made[:1]]
    assert _listed(desk, Filters(error="KeyError")) == made[:0:-1]
    assert [_listed(desk, Filters(error=kind)) for kind in ("TypeError", "ValueError", "Key")] == [made[:1], [], []]
    _replay(desk, made[3])
    assert (_listed(desk), _listed(desk, Filters(replayed=True))) == (made[2::-1], made[::-1])
    with desk.database.connect() as connection:
        assert management.replayable(connection, Filters()) == made[:3]
        assert management.replayable(connection, Filters(error="TypeError")) == made[:1]
        with pytest.raises(NotFound, match="the delivery is not in quarantine"):
            management.every(connection, Filters(), 1, ids.new())


def test_a_replay_begins_anew(desk: Desk) -> None:
    made = _fail(desk)
    _end(desk, made[1], NotSent(code=Code.MAILBOX_FULL, reason="full", action=Action.PERMANENT))
    assert _send(desk, made[0]) == ("failed", 1, True)
    _replay(desk, made[0])
    assert _send(desk, made[0]) == ("running", 0, False)
    row = desk.row(made[0])
    expected = {"state": "queued", "held": False, "attempts": 0, "failures": 0, "code": None, "reason": None, "ended_at": None}
    assert {name: row[name] for name in expected} == expected
    assert _find(desk, made[0]).replayed_at is not None
    _end(desk, made[0])
    assert [desk.state(each) for each in made] == ["sent", "failed"]
    assert _send(desk, made[0]) == ("sent", 0, True)
    with desk.database.connect() as connection:
        noted = connection.execute(select(events.c.kind, events.c.data).where(events.c.delivery_id == made[0])).one()
    assert (noted.kind, noted.data["reason"]) == ("replayed", "by test")


def test_a_replay_that_fails_ends_the_send_again(desk: Desk) -> None:
    made = _fail(desk)
    _end(desk, made[1], _MAYBE)
    assert _send(desk, made[0]) == ("unknown", 1, True)
    _replay(desk, made[0])
    _end(desk, made[0], NotSent(code=Code.RECIPIENT_BLOCKED, reason="blocked", action=Action.PERMANENT))
    assert ([desk.state(each) for each in made], _send(desk, made[0])) == (["failed", "unknown"], ("unknown", 0, True))
    with pytest.raises(TooLate, match="the delivery was replayed already"):
        _replay(desk, made[0])


def test_what_fails_by_a_bug_again_is_in_quarantine_again(desk: Desk) -> None:
    (made,) = _fail(desk, fallback=False)
    _replay(desk, made)
    (claimed,) = desk.claim([made])
    again = replace(result(claimed, _STOPPED, End()), called_after=None, bug=_bug(Step.PREPARE, TypeError))
    desk.runtime.run(desk.process.writer.write(again))
    entry = _find(desk, made)
    assert (entry.error, entry.replayed_at) == ("TypeError from ValueError", None)
    _replay(desk, made)


def test_what_was_replayed_and_not_published_is_found_again(desk: Desk) -> None:
    (made,) = _fail(desk, fallback=False)
    _replay(desk, made)
    with desk.database.begin() as connection:
        past = {"queued_at": later(-3600), "published_at": later(-3600)}
        connection.execute(update(deliveries).where(deliveries.c.id == made).values(past))
        connection.execute(update(sends).where(sends.c.id == ids.send_of(made)).values(created_at=later(-3600)))
    desk.runtime.run(recovery.recover(desk.process))
    assert desk.row(made)["published_at"] > later(-60)
    assert _send(desk, made) == ("running", 0, False)


def test_a_fallback_that_waits_comes_after_the_replay(desk: Desk) -> None:
    made = _fail(desk)
    waiting = {"state": "waiting", "queued_at": None, "published_at": None}
    with desk.database.begin() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == made[1]).values(waiting))
    _replay(desk, made[0])
    _end(desk, made[0], NotSent(code=Code.RECIPIENT_BLOCKED, reason="blocked", action=Action.PERMANENT))
    assert (desk.state(made[1]), _send(desk, made[0])) == ("queued", ("running", 1, False))


def test_what_was_sent_by_another_channel_is_not_sent_again(desk: Desk) -> None:
    made = _fail(desk)
    with pytest.raises(TooLate, match="a later tier of the send is being tried; wait for its end"):
        _replay(desk, made[0], even_if_sent=True)
    _end(desk, made[1])
    with pytest.raises(TooLate, match="the send was sent by another channel"):
        _replay(desk, made[0], even_if_sent=True)
    assert (desk.state(made[0]), _find(desk, made[0]).replayed_at) == ("failed", None)


def test_what_may_have_been_sent_is_sent_again_only_on_purpose(desk: Desk) -> None:
    (made,) = _fail(desk, Step.CALL, fallback=False)
    with pytest.raises(TooLate, match="the delivery may have been sent"):
        _replay(desk, made)
    _replay(desk, made, even_if_sent=True)
    _end(desk, made)
    assert _send(desk, made) == ("sent", 0, True)


def test_an_outcome_whose_words_were_refused_stands(desk: Desk) -> None:
    (made,) = _fail(desk, Step.RECORD, fallback=False)
    with pytest.raises(TooLate, match="the delivery is sent"):
        _replay(desk, made, even_if_sent=True)
    with desk.database.begin() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == made).values(state="failed", code="recipient_blocked"))
    with pytest.raises(TooLate, match="the delivery may have been sent"):
        _replay(desk, made)
    _replay(desk, made, even_if_sent=True)
    assert _send(desk, made) == ("running", 0, False)


def test_an_expired_send_is_not_sent_late(desk: Desk) -> None:
    (made,) = _fail(desk, fallback=False)
    with desk.database.begin() as connection:
        connection.execute(update(sends).where(sends.c.id == ids.send_of(made)).values(expires_at=later(-1)))
    with pytest.raises(TooLate, match="the send has expired"):
        _replay(desk, made)


def test_what_is_not_in_quarantine_cannot_be_replayed(desk: Desk) -> None:
    (made,) = desk.send((Channel.TELEGRAM, 0, desk.key()))
    with pytest.raises(NotFound, match="the delivery is not in quarantine"):
        _replay(desk, made)
    with pytest.raises(NotFound, match="there is no such delivery"):
        _replay(desk, ids.delivery_of(ids.new_send(), 1))
    assert desk.state(made) == "queued"

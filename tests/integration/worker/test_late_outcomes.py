"""A worker that was believed lost reports its outcome after all: what it knows counts, and nothing is sent because of it."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from shared import ids
from shared.db.tables import attempts, deliveries, events, sends
from shared.domain.channels import Channel
from shared.domain.outcome import Action, Code, NotSent, Outcome, Sent, Unknown
from shared.domain.retry import Again, Decision, End
from shared.domain.states import OnUnknown
from tests.integration.worker.conftest import Desk, later, result
from worker import recovery
from worker.deliver.claim import Claim

SENT = Sent(provider_message_id="42:7")
REFUSED = NotSent(code=Code.RECIPIENT_BLOCKED, reason="blocked", action=Action.NEXT)
TROUBLE = NotSent(code=Code.PROVIDER_UNAVAILABLE, reason="unavailable", action=Action.RETRY)
EXPIRED = NotSent(code=Code.EXPIRED, reason="expired before it could be sent", action=Action.PERMANENT)
LOST = Unknown(code=Code.ANSWER_TIMEOUT, reason="no answer")
AGAIN = Again(delay=0.0, spends_attempt=True)
NEXT_TIER, RETRY, HOLD = OnUnknown.NEXT_TIER, OnUnknown.RETRY, OnUnknown.HOLD


def given_up(desk: Desk, on_unknown: OnUnknown, *, tiers: int = 2) -> tuple[list[UUID], Claim]:
    """Commit a send, claim its first delivery, and let recovery take the claim over; give the claim of the worker that is late."""
    key_id = desk.key(on_unknown=on_unknown)
    made = desk.send(*((Channel.TELEGRAM, tier, key_id) for tier in range(tiers)))
    (claimed,) = desk.claim(made[:1])
    take_over(desk, claimed.id)
    return made, claimed


def take_over(desk: Desk, delivery_id: UUID) -> None:
    with desk.database.begin() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(lease_until=later(-1)))
    desk.runtime.run(recovery.recover(desk.process))


def report(desk: Desk, claimed: Claim, outcome: Outcome, decision: Decision | None = None) -> None:
    desk.runtime.run(desk.process.writer.write(result(claimed, outcome, decision)))


def states(desk: Desk, made: list[UUID]) -> list[str]:
    """Give the state of a send, and of each of its deliveries."""
    with desk.database.connect() as connection:
        send = connection.execute(select(sends.c.state).where(sends.c.id == ids.send_of(made[0]))).scalar_one()
    return [send, *(desk.state(each) for each in made)]


def noted(desk: Desk, delivery_id: UUID) -> list[str]:
    with desk.database.connect() as connection:
        return list(connection.execute(select(events.c.kind).where(events.c.delivery_id == delivery_id)).scalars())


def outcomes(desk: Desk, delivery_id: UUID) -> list[str]:
    with desk.database.connect() as connection:
        query = select(attempts.c.outcome).where(attempts.c.delivery_id == delivery_id).order_by(attempts.c.outcome)
        return list(connection.execute(query).scalars())


@pytest.mark.parametrize(
    ("on_unknown", "before", "outcome", "after", "held", "code"),
    [
        (NEXT_TIER, ["running", "unknown", "queued"], SENT, ["sent", "sent", "skipped"], False, None),
        (NEXT_TIER, ["running", "unknown", "queued"], REFUSED, ["running", "failed", "queued"], False, "recipient_blocked"),
        (NEXT_TIER, ["running", "unknown", "queued"], LOST, ["running", "unknown", "queued"], False, "worker_lost"),
        (RETRY, ["running", "queued", "waiting"], SENT, ["sent", "sent", "skipped"], False, None),
        (RETRY, ["running", "queued", "waiting"], REFUSED, ["running", "queued", "waiting"], False, "worker_lost"),
        (RETRY, ["running", "queued", "waiting"], LOST, ["running", "queued", "waiting"], False, "worker_lost"),
        (HOLD, ["running", "unknown", "waiting"], SENT, ["sent", "sent", "skipped"], False, None),
        (HOLD, ["running", "unknown", "waiting"], REFUSED, ["running", "failed", "queued"], False, "recipient_blocked"),
        (HOLD, ["running", "unknown", "waiting"], LOST, ["running", "unknown", "waiting"], True, "worker_lost"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Outcome) else str(value),
)
def test_what_the_late_worker_knows_counts(
    desk: Desk, on_unknown: OnUnknown, before: list[str], outcome: Outcome, after: list[str], code: str | None, *, held: bool
) -> None:
    made, claimed = given_up(desk, on_unknown)
    assert states(desk, made) == before
    report(desk, claimed, outcome)
    assert states(desk, made) == after
    row = desk.row(made[0])
    assert (row["held"], row["code"]) == (held, code)
    assert row["provider_message_id"] == (SENT.provider_message_id if outcome is SENT else None)


@pytest.mark.parametrize(
    ("outcome", "event", "attempt"), [(SENT, "resolved.sent", "sent"), (REFUSED, "resolved.failed", "not_sent")]
)
def test_the_timeline_tells_how_it_became_known(desk: Desk, outcome: Outcome, event: str, attempt: str) -> None:
    made, claimed = given_up(desk, NEXT_TIER)
    report(desk, claimed, outcome)
    assert noted(desk, made[0]) == [event]
    assert outcomes(desk, made[0]) == [attempt, "unknown"]


def test_a_second_report_of_the_same_changes_nothing(desk: Desk) -> None:
    made, claimed = given_up(desk, NEXT_TIER)
    report(desk, claimed, SENT)
    ended = desk.row(made[0])
    report(desk, claimed, SENT)
    assert desk.row(made[0]) == ended
    assert (noted(desk, made[0]), outcomes(desk, made[0])) == (["resolved.sent"], ["sent", "unknown"])


def test_a_success_learned_after_the_fallback_was_sent(desk: Desk) -> None:
    made, late = given_up(desk, NEXT_TIER)
    (fallback,) = desk.claim(made[1:])
    report(desk, fallback, SENT)
    report(desk, late, SENT)
    assert states(desk, made) == ["sent", "sent", "sent"]


@pytest.mark.parametrize(
    ("outcome", "decision", "state"),
    [(SENT, End(), "sent"), (REFUSED, End(), "failed"), (TROUBLE, AGAIN, "skipped"), (LOST, AGAIN, "skipped")],
)
def test_a_success_learned_while_the_fallback_is_called(desk: Desk, outcome: Outcome, decision: Decision, state: str) -> None:
    """The call is not waited for, and not repeated."""
    made, late = given_up(desk, NEXT_TIER)
    (fallback,) = desk.claim(made[1:])
    report(desk, late, SENT)
    assert states(desk, made) == ["sent", "sent", "claimed"]
    report(desk, fallback, outcome, decision)
    assert states(desk, made) == ["sent", "sent", state]


def test_a_success_learned_after_everything_else_has_failed(desk: Desk) -> None:
    made, late = given_up(desk, RETRY)
    for each in made:
        (claimed,) = desk.claim([each]) or [due(desk, each)]
        report(desk, claimed, REFUSED)
    assert states(desk, made) == ["failed", "failed", "failed"]
    report(desk, late, SENT)
    assert states(desk, made) == ["sent", "sent", "failed"]


def due(desk: Desk, delivery_id: UUID) -> Claim:
    """Claim a delivery whose delay is over."""
    with desk.database.begin() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(not_before=later(-1)))
    (claimed,) = desk.claim([delivery_id])
    return claimed


def test_a_failure_learned_late_says_nothing_of_the_attempt_after_it(desk: Desk) -> None:
    made, late = given_up(desk, RETRY)
    again = due(desk, made[0])
    report(desk, again, LOST)
    report(desk, late, REFUSED)
    assert desk.row(made[0])["code"] == "answer_timeout"


def test_what_is_learned_of_an_ended_send_moves_its_end_only_when_it_changes_it(desk: Desk) -> None:
    made, late = given_up(desk, NEXT_TIER, tiers=1)

    def ended() -> Any:
        with desk.database.connect() as connection:
            return connection.execute(select(sends.c.state, sends.c.ended_at).where(sends.c.id == ids.send_of(made[0]))).one()

    before = ended()
    assert before.state == "unknown"
    report(desk, late, LOST)
    assert ended() == before
    report(desk, late, SENT)
    assert ended().state == "sent"
    assert ended().ended_at > before.ended_at


def test_a_failure_learned_late_says_nothing_of_the_lost_call_after_it(desk: Desk) -> None:
    """Both workers were lost: what the first one knows is no news of the second one's call."""
    made, late = given_up(desk, RETRY)
    due(desk, made[0])
    take_over(desk, made[0])
    again = due(desk, made[0])
    take_over(desk, again.id)
    assert (desk.state(made[0]), desk.row(made[0])["code"]) == ("unknown", "worker_lost")
    report(desk, late, REFUSED)
    assert (desk.state(made[0]), desk.row(made[0])["code"]) == ("unknown", "worker_lost")
    report(desk, again, REFUSED)
    assert (desk.state(made[0]), desk.row(made[0])["code"]) == ("failed", "recipient_blocked")


@pytest.mark.parametrize(("outcome", "decision"), [(REFUSED, End()), (TROUBLE, AGAIN), (LOST, AGAIN), (LOST, End(held=True))])
def test_a_success_learned_while_the_same_delivery_is_called_again(desk: Desk, outcome: Outcome, decision: Decision) -> None:
    """Nothing follows that call: the message is there."""
    made, late = given_up(desk, RETRY)
    again = due(desk, made[0])
    report(desk, late, SENT)
    assert states(desk, made) == ["running", "claimed", "waiting"]
    report(desk, again, outcome, decision)
    assert states(desk, made) == ["sent", "sent", "skipped"]
    assert (noted(desk, made[0]), desk.row(made[0])["held"]) == (["resolved.sent"], False)


@pytest.mark.parametrize(("outcome", "decision"), [(REFUSED, End()), (TROUBLE, AGAIN), (LOST, AGAIN), (LOST, End(held=True))])
@pytest.mark.parametrize("late_first", [True, False])
def test_a_success_learned_in_the_same_moment_as_the_end_of_the_retry(
    desk: Desk, outcome: Outcome, decision: Decision, *, late_first: bool
) -> None:
    """Both outcomes are committed together."""
    made, late = given_up(desk, RETRY)
    results = [result(late, SENT), result(due(desk, made[0]), outcome, decision)]

    async def write() -> None:
        await asyncio.gather(*(desk.process.writer.write(each) for each in (results if late_first else results[::-1])))

    desk.runtime.run(write())
    assert states(desk, made) == ["sent", "sent", "skipped"]
    assert (noted(desk, made[0]), desk.row(made[0])["held"]) == (["resolved.sent"], False)


def test_a_success_learned_while_a_guard_stops_the_retry(desk: Desk) -> None:
    made, late = given_up(desk, RETRY)
    again = due(desk, made[0])
    report(desk, late, SENT)
    stopped = replace(result(again, EXPIRED), called_after=None)
    desk.runtime.run(desk.process.writer.write(stopped))
    assert states(desk, made) == ["sent", "sent", "skipped"]


def test_a_success_learned_after_the_retry_has_expired(desk: Desk) -> None:
    made, late = given_up(desk, RETRY)
    stopped = replace(result(due(desk, made[0]), EXPIRED), called_after=None)
    desk.runtime.run(desk.process.writer.write(stopped))
    assert states(desk, made) == ["expired", "cancelled", "skipped"]
    report(desk, late, SENT)
    assert states(desk, made) == ["sent", "sent", "skipped"]


def test_a_success_of_a_fallback_learned_after_it_was_withdrawn(desk: Desk) -> None:
    made, first = given_up(desk, RETRY)
    report(desk, due(desk, made[0]), LOST)
    (fallback,) = desk.claim(made[1:])
    take_over(desk, fallback.id)
    report(desk, first, SENT)
    assert states(desk, made) == ["sent", "sent", "skipped"]
    report(desk, fallback, SENT)
    assert states(desk, made) == ["sent", "sent", "sent"]

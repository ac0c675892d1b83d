"""A walk through the hot path with a crash at every step, as by ``kill -9``.

Each row names the step at which the process dies, what is found in Postgres right then, and what has become of it once others have
taken over: the states of the deliveries by tier, how many messages their providers have accepted, and what the client is told that
repeats its request under the same Idempotency-Key.

Two rules can be read from it. From the commit of the claim to the commit of the outcome nobody knows whether the message left: it
is *unknown*, and nothing is sent a second time unless the key, or email with its Message-ID, says so. Everywhere else it is sent
once.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Final

import pytest
from sqlalchemy import text

from deploy.local.stack import Stack
from shared.queues import Task
from tests.acceptance.backend import await_true
from tests.installation.apart import Api, Installation, installation
from tests.installation.crashing import Crash, When
from tests.installation.walk import NO_ANSWER, Row, Walk, row

BEFORE, WITHIN, AFTER = When

CLAIM: Final = "worker.deliver.claim:_claim_once"
CLAIM_STATEMENT: Final = "worker.deliver.claim:_read"
CALL: Final = "worker.deliver.one:call"
EXCHANGE: Final = "worker.channels.http:exchange"
HAND_OVER: Final = "worker.runtime.writer:Writer.write"
SETTLE: Final = "worker.deliver.settle:settle"
RECORD: Final = "worker.runtime.writer:Writer._commit"
FOLLOW: Final = "worker.runtime.publisher:Publisher.follow"
ACKNOWLEDGE: Final = "celery.worker.request:Request.acknowledge"
GIVE_BACK: Final = "worker.deliver.release:_give_back"
GIVE_BACK_STATEMENT: Final = "worker.deliver.quota:refund"
PUBLISH_LATER: Final = "worker.runtime.publisher:Publisher.publish_later"
RESOLVE: Final = "worker.resolution:_write"
RESOLVE_STATEMENT: Final = "worker.deliver.settle:resolve"
END: Final = "worker.confirmation:_commit"
END_STATEMENT: Final = "worker.confirmation:_advance"
PROMOTE: Final = "worker.schedule:_commit"
PROMOTE_STATEMENT: Final = "shared.management.promotion:promote_deferred"
PUBLISH_PROMOTED: Final = "worker.schedule:_publish"
INTAKE: Final = "api.intake:_write"
INTAKE_STATEMENT: Final = "shared.management.promotion:promote"
HAND_TO_PUBLISHER: Final = "api.publishing:Publisher.publish"
PUBLISH: Final = "shared.queues:publish_due"

UNKNOWN: Final = "unknown worker_lost"
REFUSED: Final = "failed recipient_unreachable"
NOTHING: Final[tuple[str, ...]] = ()


def named(rows: Sequence[Row]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", rows, ids=lambda each: each.step)


# A worker, one channel, whose key has the default policy.
ONE_CHANNEL: Final = (
    row("the task is taken", Crash(BEFORE, CLAIM), ["queued"], ["sent"], [1]),
    row("claimed, not committed", Crash(AFTER, CLAIM_STATEMENT), ["queued"], ["sent"], [1]),
    row("the claim is committed", Crash(AFTER, CLAIM), ["claimed"], [UNKNOWN], [0], "not sent"),
    row("about to call", Crash(BEFORE, CALL), ["claimed"], [UNKNOWN], [0], "not sent"),
    row("about to send the request", Crash(BEFORE, EXCHANGE), ["claimed"], [UNKNOWN], [0], "not sent"),
    row("the request has left", Crash(WITHIN, EXCHANGE), ["claimed"], [UNKNOWN], [1], "not sent"),
    row("the answer is there", Crash(AFTER, EXCHANGE), ["claimed"], [UNKNOWN], [1], "not sent"),
    row("the outcome is handed over", Crash(BEFORE, HAND_OVER), ["claimed"], [UNKNOWN], [1], "not sent"),
    row("recorded, not committed", Crash(AFTER, SETTLE), ["claimed"], [UNKNOWN], [1], "not sent"),
    row("the outcome is committed", Crash(AFTER, RECORD), ["sent"], ["sent"], [1]),
    row("who waits was woken", Crash(AFTER, FOLLOW), ["sent"], ["sent"], [1]),
    row("about to acknowledge the task", Crash(BEFORE, ACKNOWLEDGE), ["sent"], ["sent"], [1]),
    row("the task is acknowledged", Crash(AFTER, ACKNOWLEDGE), ["sent"], ["sent"], [1]),
)

# A worker, two tiers, whose first recipient cannot be reached.
TWO_TIERS: Final = (
    row("the refusal, not committed", Crash(AFTER, SETTLE), ["claimed", "waiting"], [UNKNOWN, "sent"], [0, 1]),
    row("the next tier is committed", Crash(AFTER, RECORD), [REFUSED, "queued"], [REFUSED, "sent"], [0, 1]),
    row("the next tier is published", Crash(AFTER, FOLLOW), [REFUSED, "queued"], [REFUSED, "sent"], [0, 1]),
)

# A worker, one channel, whose provider is out of order for one call.
RETRY: Final = (
    row("the failure, not committed", Crash(AFTER, SETTLE), ["claimed"], [UNKNOWN], [0], "not sent"),
    row("the retry is committed", Crash(AFTER, RECORD), ["queued provider_unavailable"], ["sent"], [1]),
    row("the retry is published", Crash(AFTER, FOLLOW), ["queued provider_unavailable"], ["sent"], [1]),
)

# A worker, one channel, whose sender's turn comes later.
PUT_OFF: Final = (
    row("about to give the claim back", Crash(BEFORE, GIVE_BACK), ["claimed"], [UNKNOWN], [0], "not sent"),
    row("given back, not committed", Crash(AFTER, GIVE_BACK_STATEMENT), ["claimed"], [UNKNOWN], [0], "not sent"),
    row("given back", Crash(AFTER, GIVE_BACK), ["queued"], ["sent"], [1]),
    row("published for its turn", Crash(AFTER, PUBLISH_LATER), ["queued"], ["sent"], [1]),
)

# A worker that has heard nothing of a call, and asks the gateway what became of it.
LOOK_UP: Final = (
    row("the gateway has answered", Crash(BEFORE, RESOLVE), ["unknown connection_lost"], ["sent"], [1]),
    row("resolved, not committed", Crash(AFTER, RESOLVE_STATEMENT), ["unknown connection_lost"], ["sent"], [1]),
    row("resolved", Crash(AFTER, RESOLVE), ["sent"], ["sent"], [1]),
)

# A worker that finds that a message was not delivered in time.
UNCONFIRMED: Final = "sent unconfirmed"
DEADLINE: Final = (
    row("the end of its time is found", Crash(BEFORE, END), ["sent", "waiting"], [UNCONFIRMED, "sent"], [1, 1]),
    row("noted, not committed", Crash(AFTER, END_STATEMENT), ["sent", "waiting"], [UNCONFIRMED, "sent"], [1, 1]),
    row("the next tier is committed after it", Crash(AFTER, END), [UNCONFIRMED, "queued"], [UNCONFIRMED, "sent"], [1, 1]),
    row("the next tier is published after it", Crash(AFTER, FOLLOW), [UNCONFIRMED, "queued"], [UNCONFIRMED, "sent"], [1, 1]),
)

# A worker that hands a scheduled send to the queue.
PROMOTION: Final = (
    row("promoted, not committed", Crash(AFTER, PROMOTE_STATEMENT), ["waiting"], ["sent"], [1]),
    row("promoted", Crash(AFTER, PROMOTE), ["queued"], ["sent"], [1]),
    row("the promoted one is published", Crash(AFTER, PUBLISH_PROMOTED), ["queued"], ["sent"], [1]),
)

# The api, before it answers.
ACCEPTANCE: Final = (
    row("about to write", Crash(BEFORE, INTAKE), NOTHING, ["sent"], [1]),
    row("written, not committed", Crash(AFTER, INTAKE_STATEMENT), NOTHING, ["sent"], [1]),
    row("the send is committed", Crash(AFTER, INTAKE), ["queued"], ["sent"], [1]),
    row("handed to the publishing thread", Crash(AFTER, HAND_TO_PUBLISHER), ["queued"], ["sent"], [1]),
    row("published", Crash(AFTER, PUBLISH), ["queued"], ["sent"], [1]),
)

# A worker that dies with the provider's answer in its hands, by who decides what follows.
POLICIES: Final = {
    ("waba", "next_tier"): row("the next tier", Crash(AFTER, CALL), ["claimed"], [UNKNOWN], [1], "not sent"),
    ("waba", "retry"): row("another call", Crash(AFTER, CALL), ["claimed"], ["sent"], [2]),
    ("waba", "hold"): row("a person", Crash(AFTER, CALL), ["claimed"], [UNKNOWN], [1], "still open"),
    ("email", "next_tier"): row("the Message-ID", Crash(AFTER, CALL), ["claimed"], ["sent"], [2]),
}

_SETTINGS: Final = {"ANTAR_PACING_SLEEP": "0.1", "ANTAR_RETRY_BASE_DELAY": "0.2", "ANTAR_READ_TIMEOUT": "10"}
_TURN_SECONDS: Final = 8
"""Above the time from one send to the crash of the next."""


@pytest.fixture(scope="module")
def own(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(stack, tmp_path_factory.mktemp("crash"), **_SETTINGS) as made:
        yield made


@pytest.fixture(scope="module")
def api(own: Installation) -> Iterator[Api]:
    """An api that does not crash."""
    with own.api() as served:
        yield served.await_ready()


@pytest.fixture
def walk(own: Installation, api: Api) -> Iterator[Walk]:
    yield Walk(own, api.backend)
    api.backend.sandbox.delete("/_sandbox/faults")
    with own.database.begin() as connection:
        connection.execute(text("UPDATE channel_keys SET rate_per_second = NULL, on_unknown = 'next_tier'"))
    with own.broker() as client:
        client.flushdb()


@named(ONE_CHANNEL)
def test_one_channel(walk: Walk, row: Row) -> None:
    walk.plan("waba")
    if row.crash.when is WITHIN:
        walk.fault("waba", "slow", latency_ms=1000)
    walk.crash_in_worker(row.crash)
    await_true(lambda: walk.accepted() == row.accepted or row.found == ("queued",))
    walk.assert_comes_out_as(row)


@named(TWO_TIERS)
def test_two_tiers(walk: Walk, row: Row) -> None:
    walk.plan("waba", "telegram")
    walk.fault("waba", "recipient")
    walk.crash_in_worker(row.crash)
    walk.assert_comes_out_as(row)


@named(RETRY)
def test_a_retry(walk: Walk, row: Row) -> None:
    walk.plan("waba")
    walk.fault("waba", "outage", times=1)
    walk.crash_in_worker(row.crash)
    walk.assert_comes_out_as(row)


@named(PUT_OFF)
def test_a_delivery_that_is_put_off(own: Installation, api: Api, walk: Walk, row: Row) -> None:
    walk.change_keys(rate_per_second=1 / _TURN_SECONDS)
    with own.worker() as worker:
        worker.await_logged(" ready.")
        assert api.backend.post(api.backend.send({"waba": 0})).json()["status"] is True
    own.forget_the_dead()
    walk.plan("waba")
    walk.crash_in_worker(row.crash)
    walk.change_keys(rate_per_second=None)
    walk.assert_comes_out_as(row)


@named(LOOK_UP)
def test_a_look_up(own: Installation, walk: Walk, row: Row) -> None:
    walk.plan("whatsapp")
    walk.fault("whatsapp", "drop_after")
    with own.worker() as worker:
        worker.await_logged(" ready.")
        walk.accept()
        await_true(lambda: walk.states() == ("unknown connection_lost",))
    own.let_an_hour_pass()
    walk.crash_in_worker(row.crash, Task.RECOVER)
    walk.assert_comes_out_as(row)


@named(DEADLINE)
def test_the_end_of_a_wait_for_a_receipt(own: Installation, walk: Walk, row: Row) -> None:
    walk.plan("waba", "telegram")
    walk.body["context"] = {"behaviour": {"until": "delivered", "within": 3000}}
    with own.worker() as worker:
        worker.await_logged(" ready.")
        walk.accept()
        await_true(lambda: walk.states() == ("sent", "waiting"))
    own.let_an_hour_pass()
    walk.crash_in_worker(row.crash, Task.RECOVER)
    walk.assert_comes_out_as(row)


@named(PROMOTION)
def test_a_promotion(own: Installation, walk: Walk, row: Row) -> None:
    walk.plan("waba")
    walk.body["context"] = {"timing": {"schedule": int(time.time()) + 3000}}
    walk.accept()
    own.let_an_hour_pass()
    walk.crash_in_worker(row.crash, Task.PROMOTE)
    walk.assert_comes_out_as(row)


@named(ACCEPTANCE)
def test_the_acceptance(own: Installation, walk: Walk, row: Row) -> None:
    walk.plan("waba")
    with own.api(crash=row.crash) as crashing:
        crashing.await_ready()
        answer = walk.post(crashing.backend)
        # Who publishes dies beside who answers: either may be first.
        assert answer == NO_ANSWER or row.crash.step == PUBLISH
    walk.assert_comes_out_as(row)


@pytest.mark.parametrize(("channel", "on_unknown", "row"), [(*of, each) for of, each in POLICIES.items()])
def test_who_decides_what_follows_an_unknown_outcome(walk: Walk, channel: str, on_unknown: str, row: Row) -> None:
    walk.plan(channel)
    walk.change_keys(on_unknown=on_unknown)
    walk.crash_in_worker(row.crash)
    walk.assert_comes_out_as(row)

"""A sender that its provider refuses is not asked again, and a person's word goes before that of calls made earlier."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from shared.db.tables import channel_keys
from shared.domain.channels import Channel
from shared.domain.outcome import Action, Code, NotSent
from shared.domain.states import KeyStatus
from shared.management import keys
from tests.integration.worker.conftest import Desk, later, result
from worker.channels import answers
from worker.channels.answers import Answer
from worker.deliver import batch
from worker.deliver.claim import Claim
from worker.deliver.result import Lineage

UNUSABLE = NotSent(code=Code.CREDENTIALS_REJECTED, reason="Unauthorized", action=Action.KEY)


def status(desk: Desk, key_id: UUID) -> tuple[str, str | None, str | None]:
    row = key(desk, key_id)
    return row.status, row.status_code, row.status_reason


def key(desk: Desk, key_id: UUID) -> Any:
    with desk.database.connect() as connection:
        return connection.execute(select(channel_keys, func.now().label("now")).where(channel_keys.c.id == key_id)).one()


def refuse(desk: Desk, claimed: Claim, code: Code = Code.CREDENTIALS_REJECTED) -> None:
    outcome = NotSent(code=code, reason=UNUSABLE.reason, action=Action.KEY, detail={"description": "Unauthorized"})
    desk.runtime.run(desk.process.writer.write(result(claimed, outcome)))


@pytest.mark.parametrize(
    ("code", "seconds"), [(Code.DEVICE_DISCONNECTED, 30), (Code.CREDENTIALS_REJECTED, 300), (Code.SENDER_RESTRICTED, 3600)]
)
def test_a_refused_sender_is_suspended_and_will_be_asked_again(desk: Desk, code: Code, seconds: float) -> None:
    key_id = desk.key()
    refuse(desk, desk.claimed(key_id), code)
    assert status(desk, key_id) == ("suspended", code, "Unauthorized")
    row = key(desk, key_id)
    assert (row.probe_at - row.status_at).total_seconds() == pytest.approx(seconds)


def test_a_status_that_may_be_a_proxy_s_suspends_for_a_short_time(desk: Desk) -> None:
    key_id = desk.key()
    not_found = Answer(request="POST /send", status=404, headers={}, body=b"<html>404 page not found</html>")
    outcome = answers.outcome_of_status(not_found)
    desk.runtime.run(desk.process.writer.write(result(desk.claimed(key_id), outcome)))
    row = key(desk, key_id)
    assert row.status == "suspended"
    assert (row.probe_at - row.status_at).total_seconds() == pytest.approx(30)


def test_the_next_delivery_falls_through_without_a_call(desk: Desk) -> None:
    key_id = desk.key()
    refuse(desk, desk.claimed(key_id))
    made = desk.send((Channel.TELEGRAM, 0, key_id), (Channel.TELEGRAM, 1, desk.key()))
    desk.runtime.run(batch.deliver(desk.process, made[:1], Lineage()))
    row = desk.row(made[0])
    assert (row["state"], row["code"], row["reason"]) == ("failed", "credentials_rejected", "Unauthorized")
    assert (desk.calls(made[0]), desk.state(made[1])) == (0, "queued")


def test_a_call_from_before_a_person_resumed_the_key_does_not_suspend_it(desk: Desk) -> None:
    key_id = desk.key()
    first, second = desk.claimed(key_id), desk.claimed(key_id)
    refuse(desk, first)
    with desk.database.begin() as connection:
        keys.set_status(connection, key_id, KeyStatus.ACTIVE)
    refuse(desk, second)
    assert status(desk, key_id) == ("active", None, None)
    refuse(desk, desk.claimed(key_id))
    assert status(desk, key_id)[0] == "suspended"


def test_a_person_who_suspends_a_key_keeps_it_so(desk: Desk) -> None:
    key_id = desk.key()
    claimed = desk.claimed(key_id)
    with desk.database.begin() as connection:
        keys.set_status(connection, key_id, KeyStatus.SUSPENDED, "under review")
    refuse(desk, claimed)
    assert status(desk, key_id) == ("suspended", None, "under review")
    assert key(desk, key_id).probe_at is None


def test_a_revoked_key_stays_revoked(desk: Desk) -> None:
    key_id = desk.key()
    claimed = desk.claimed(key_id)
    with desk.database.begin() as connection:
        keys.set_status(connection, key_id, KeyStatus.REVOKED)
    refuse(desk, claimed)
    assert status(desk, key_id)[0] == "revoked"


def test_one_flush_suspends_each_key_once(desk: Desk) -> None:
    key_ids = [desk.key(), desk.key()]
    claims = [desk.claimed(key_id) for key_id in key_ids * 2]

    async def run() -> None:
        await asyncio.gather(*(desk.process.writer.write(result(claimed, UNUSABLE)) for claimed in claims))

    desk.runtime.run(run())
    assert [status(desk, key_id)[0] for key_id in key_ids] == ["suspended", "suspended"]


def test_an_outcome_that_comes_late_suspends_all_the_same(desk: Desk) -> None:
    """The claim is gone; that the sender was refused is as true as before."""
    key_id = desk.key()
    claimed = desk.claimed(key_id)
    with desk.database.begin() as connection:
        connection.execute(update(channel_keys).where(channel_keys.c.id == key_id).values(status_at=later(-60)))
    desk.runtime.run(desk.process.writer.write(result(claimed)))
    refuse(desk, claimed)
    assert status(desk, key_id)[0] == "suspended"

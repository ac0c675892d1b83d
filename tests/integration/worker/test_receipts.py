"""Webhooks in the inbox: what they resolve, what has to wait, and whom they do not concern."""

import asyncio
import json
from collections.abc import Sequence
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from shared import ids, queues, settings
from shared.domain.channels import Channel
from shared.domain.outcome import Action, Code, NotSent, Sent, Unknown
from shared.domain.retry import Again, Decision, End
from shared.management import accounts
from tests.integration.worker.conftest import Desk, later, result
from tests.integration.worker.heard import handle, left, store
from tests.integration.worker.stories import noted, send_state
from worker import recovery, upkeep
from worker.receipts import handling, reading

_LOST = Unknown(code=Code.ANSWER_TIMEOUT, reason="the provider did not answer in time")
_UNDELIVERABLE = {"code": 131026, "title": "Message undeliverable", "error_data": {"details": "no WhatsApp account"}}

Json = dict[str, Any]


def status(name: str, delivery_id: UUID | None = None, wamid: str = "wamid.1") -> Json:
    told: Json = {"id": wamid, "status": name, "timestamp": "1698266945", "recipient_id": "6281234567890"}
    if delivery_id is not None:
        told["biz_opaque_callback_data"] = str(delivery_id)
    return {**told, "errors": [_UNDELIVERABLE]} if name == "failed" else told


def body(*statuses: Json) -> bytes:
    return json.dumps({"entry": [{"changes": [{"value": {"statuses": list(statuses)}}]}]}).encode()


def report(desk: Desk, key_id: UUID, *statuses: Json) -> UUID:
    """Store one webhook and handle it."""
    webhook_id = store(desk, key_id, body(*statuses))
    handle(desk, webhook_id)
    return webhook_id


def send(desk: Desk, key_id: UUID, state: str = "unknown", **changes: Any) -> list[UUID]:
    """Make a send by waba that was called, with a fallback by email."""
    codes = {"code": "answer_timeout", "reason": "late"} if state == "unknown" else {}
    called = {"state": state, "attempts": 1, "claimed_at": later(-6), **codes, **changes}
    return desk.send((Channel.WABA, 0, key_id), (Channel.EMAIL, 1, desk.key(Channel.EMAIL)), **called)


def told(desk: Desk, delivery_id: UUID) -> tuple[str, str | None, str | None]:
    row = desk.row(delivery_id)
    return row["state"], row["receipt"], row["provider_message_id"]


@pytest.mark.parametrize("name", ["sent", "delivered", "read"])
def test_what_arrived_was_sent(desk: Desk, name: str) -> None:
    key_id = desk.key(Channel.WABA)
    made = send(desk, key_id)
    webhook_id = report(desk, key_id, status(name, made[0]))
    assert told(desk, made[0]) == ("sent", name, "wamid.1")
    assert (send_state(desk, made[0]), desk.state(made[1])) == ("sent", "skipped")
    assert noted(desk, made[0]) == [("resolved.sent", f"the provider reported it as {name}")]
    assert left(desk, [webhook_id]) == 0
    assert desk.row(made[0])["receipt_at"] is not None


def test_what_failed_was_not_delivered_and_the_fallback_begins(desk: Desk) -> None:
    key_id = desk.key(Channel.WABA)
    made = send(desk, key_id)
    report(desk, key_id, status("failed", made[0]))
    assert told(desk, made[0]) == ("failed", "failed", "wamid.1")
    row = desk.row(made[0])
    assert (row["code"], row["reason"]) == ("recipient_unreachable", "no WhatsApp account")
    assert (send_state(desk, made[0]), desk.state(made[1])) == ("running", "queued")
    assert [kind for kind, _ in noted(desk, made[0])] == ["receipt.failed", "resolved.failed"]


@pytest.mark.parametrize("order", list(permutations(["sent", "delivered", "read", "failed"])))
def test_neither_the_order_nor_repeats_matter(desk: Desk, order: Sequence[str]) -> None:
    key_id = desk.key(Channel.WABA)
    made = send(desk, key_id)
    webhooks = [store(desk, key_id, body(status(name, made[0]))) for name in order]
    handle(desk, webhooks[0])
    handle(desk, *webhooks[1:])
    handle(desk, *webhooks)
    for name in order:
        report(desk, key_id, status(name, made[0]))
    assert told(desk, made[0]) == ("sent", "read", "wamid.1")
    assert (send_state(desk, made[0]), left(desk, webhooks)) == ("sent", 0)


def test_many_statuses_of_one_webhook(desk: Desk) -> None:
    key_id = desk.key(Channel.WABA)
    made = [send(desk, key_id)[0] for _ in range(3)]
    report(desk, key_id, *(status(name, each, f"wamid.{each}") for each in made for name in ("delivered", "sent")))
    assert [told(desk, each) for each in made] == [("sent", "delivered", f"wamid.{each}") for each in made]


def test_a_message_is_found_by_its_own_id_too(desk: Desk) -> None:
    key_id = desk.key(Channel.WABA)
    made = send(desk, key_id, "sent", provider_message_id="wamid.known")
    report(desk, key_id, status("read", wamid="wamid.known"), status("read", wamid="wamid.unknown"))
    assert told(desk, made[0]) == ("sent", "read", "wamid.known")


def write(desk: Desk, claimed: Any, outcome: Any, decision: Decision | None = None) -> None:
    desk.runtime.run(desk.process.writer.write(result(claimed, outcome, decision)))


@pytest.mark.parametrize("decision", [End(), End(held=True), Again(delay=0.0, spends_attempt=True)])
def test_a_receipt_before_the_outcome_keeps_the_fallback_and_the_retry_from_beginning(desk: Desk, decision: Decision) -> None:
    key_id = desk.key(Channel.WABA)
    made = desk.send((Channel.WABA, 0, key_id), (Channel.EMAIL, 1, desk.key(Channel.EMAIL)))
    (claimed,) = desk.claim(made[:1])
    webhook_id = report(desk, key_id, status("sent", made[0]))
    assert (told(desk, made[0]), left(desk, [webhook_id])) == (("claimed", "sent", "wamid.1"), 0)
    write(desk, claimed, _LOST, decision)
    assert told(desk, made[0]) == ("sent", "sent", "wamid.1")
    assert desk.row(made[0])["held"] is False
    assert (send_state(desk, made[0]), desk.state(made[1])) == ("sent", "skipped")
    assert noted(desk, made[0]) == [("resolved.sent", "the provider had reported it as sent")]
    assert desk.claim(made) == []


def test_a_receipt_before_the_answer_changes_nothing_of_it(desk: Desk) -> None:
    key_id = desk.key(Channel.WABA)
    (made,) = desk.send((Channel.WABA, 0, key_id))
    (claimed,) = desk.claim([made])
    report(desk, key_id, status("delivered", made))
    write(desk, claimed, Sent(provider_message_id="wamid.1"))
    assert (told(desk, made), noted(desk, made)) == (("sent", "delivered", "wamid.1"), [])


def test_a_failure_before_the_outcome_waits_for_it(desk: Desk) -> None:
    key_id = desk.key(Channel.WABA)
    made = desk.send((Channel.WABA, 0, key_id), (Channel.EMAIL, 1, desk.key(Channel.EMAIL)))
    (claimed,) = desk.claim(made[:1])
    webhook_id = report(desk, key_id, status("failed", made[0]))
    assert (told(desk, made[0]), left(desk, [webhook_id])) == (("claimed", None, None), 1)
    write(desk, claimed, _LOST)
    handle(desk, webhook_id)
    assert (told(desk, made[0]), left(desk, [webhook_id])) == (("failed", "failed", "wamid.1"), 0)


def test_a_retry_is_not_made_when_the_first_call_arrived(desk: Desk) -> None:
    key_id = desk.key(Channel.WABA)
    made = send(desk, key_id, "queued")
    report(desk, key_id, status("delivered", made[0]))
    assert (told(desk, made[0]), send_state(desk, made[0])) == (("sent", "delivered", "wamid.1"), "sent")
    assert desk.claim(made[:1]) == []


def test_what_a_call_refused_may_have_been_sent_all_the_same(desk: Desk) -> None:
    key_id = desk.key(Channel.WABA)
    (made,) = desk.send((Channel.WABA, 0, key_id))
    (claimed,) = desk.claim([made])
    report(desk, key_id, status("sent", made))
    write(desk, claimed, NotSent(code=Code.PROVIDER_ERROR, reason="trouble", action=Action.RETRY))
    assert (told(desk, made), send_state(desk, made)) == (("sent", "sent", "wamid.1"), "sent")


def test_the_deliveries_of_another_account_are_not_touched(desk: Desk) -> None:
    with desk.database.begin() as connection:
        other = accounts.create(connection, f"other {ids.new()}").id
    foreign = Desk(database=desk.database, runtime=desk.runtime, account_id=other)
    made = send(desk, desk.key(Channel.WABA), provider_message_id="wamid.theirs")
    report(foreign, foreign.key(Channel.WABA), status("delivered", made[0]), status("failed", wamid="wamid.theirs"))
    assert told(desk, made[0]) == ("unknown", None, "wamid.theirs")


def test_another_number_of_the_same_account_reports_by_the_same_address(desk: Desk) -> None:
    """One Meta app has one address for the webhooks of all its numbers."""
    made = send(desk, desk.key(Channel.WABA))
    report(desk, desk.key(Channel.WABA), status("delivered", made[0]))
    assert desk.state(made[0]) == "sent"


def test_a_delivery_on_another_channel_is_not_touched(desk: Desk) -> None:
    (made,) = desk.send((Channel.TELEGRAM, 0, desk.key()), state="unknown", code="answer_timeout")
    report(desk, desk.key(Channel.WABA), status("delivered", made))
    assert desk.state(made) == "unknown"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"\\ud800"', b'{"entry": [{"changes": [{"value": {"messages": []}}]}]}'])
def test_what_reports_nothing_is_dropped(desk: Desk, content: bytes) -> None:
    webhook_id = store(desk, desk.key(Channel.WABA), content)
    handle(desk, webhook_id)
    assert left(desk, [webhook_id]) == 0


def test_what_nobody_sent_is_dropped(desk: Desk) -> None:
    webhook_id = report(
        desk, desk.key(Channel.WABA), status("read", ids.delivery_of(ids.new_send(), 1)), status("sent", UUID(int=0))
    )
    assert left(desk, [webhook_id]) == 0


def test_a_webhook_that_trips_us_up_stops_only_itself(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    key_id = desk.key(Channel.WABA)
    made = send(desk, key_id)
    good, bad = store(desk, key_id, body(status("read", made[0]))), store(desk, key_id, b"6281234567890")
    real = reading.READERS["waba"]

    def faulty(content: bytes) -> Any:
        if content == b"6281234567890":
            raise LookupError(content)
        return real(content)

    monkeypatch.setattr(reading, "READERS", {"waba": faulty})
    with capture_logs() as lines:
        handle(desk, bad, good)
    assert (desk.state(made[0]), left(desk, [good]), left(desk, [bad])) == ("sent", 0, 1)
    assert [line["error"] for line in lines if line["event"] == "receipt.not_handled"] == ["LookupError"]
    assert "6281234567890" not in str(lines)
    with desk.database.begin() as connection:
        connection.execute(text("DELETE FROM inbox"))


def republished(desk: Desk, tasks: int) -> list[UUID]:
    """Recover twice while so many tasks wait in each queue, and give what was published."""
    published: list[UUID] = []

    async def note(webhook_ids: Sequence[UUID]) -> None:
        published.extend(webhook_ids)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk.process.publisher, "publish_receipts", note)
        patch.setattr(queues, "depths", lambda: dict.fromkeys(queues.Queue, tasks))
        for _ in range(2):
            desk.runtime.run(recovery.recover(desk.process))
    return published


def test_a_webhook_whose_task_is_lost_is_published_again(desk: Desk) -> None:
    key_id = desk.key(Channel.WABA)
    after = settings.get().republish_after
    lost = store(desk, key_id, body(), published_at=later(-2 * after))
    young = store(desk, key_id, body())
    published = republished(desk, tasks=0)
    assert (published.count(lost), published.count(young)) == (1, 0)


def test_a_webhook_in_a_long_queue_is_only_waiting(desk: Desk) -> None:
    key_id = desk.key(Channel.WABA)
    after = settings.get().republish_after
    slow, lost = (store(desk, key_id, body(), published_at=later(-times * after)) for times in (2, 20))
    published = republished(desk, tasks=1000)
    assert (published.count(slow), published.count(lost)) == (0, 1)


def test_webhooks_fill_no_queue_that_is_full(desk: Desk) -> None:
    lost = store(desk, desk.key(Channel.WABA), body(), published_at=later(-100 * settings.get().republish_after))
    assert republished(desk, tasks=recovery._FULL_QUEUE) == []
    assert lost in republished(desk, tasks=0)


def test_nobody_s_address_is_kept_beyond_a_day(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "_ROWS", 2)
    key_id = desk.key(Channel.WABA)
    old = [store(desk, key_id, body(), received_at=later(-86_401)) for _ in range(5)]
    young = store(desk, key_id, body(), received_at=later(-86_000))
    upkeep.expire()
    assert (left(desk, old), left(desk, [young])) == (0, 1)
    with desk.database.begin() as connection:
        connection.execute(text("DELETE FROM inbox"))


def test_two_that_handle_one_webhook_note_a_failure_once(desk: Desk) -> None:
    key_id = desk.key(Channel.WABA)
    made = send(desk, key_id)
    webhook_id = store(desk, key_id, body(status("failed", made[0])))

    async def twice() -> None:
        await asyncio.gather(*(handling.handle(desk.process, [webhook_id]) for _ in range(4)))

    desk.runtime.run(twice())
    assert [kind for kind, _ in noted(desk, made[0])] == ["receipt.failed", "resolved.failed"]


def test_a_revoked_key_still_hears_of_what_it_sent(desk: Desk) -> None:
    key_id = desk.key(Channel.WABA, status="revoked")
    made = send(desk, key_id)
    report(desk, key_id, status("read", made[0]))
    assert desk.state(made[0]) == "sent"

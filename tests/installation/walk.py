"""One send and the crash of a process that works on it: what is found, and what becomes of it."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import httpx
from sqlalchemy import text

from shared import ids
from shared.queues import Queue, Task
from tests.acceptance.backend import Backend, JsonObject, await_true
from tests.installation.apart import Installation
from tests.installation.crashing import Crash

NO_ANSWER: Final = "no answer"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One crash and what comes of it."""

    step: str
    """What was done, and what was not, when the process died."""
    crash: Crash
    found: tuple[str, ...]
    """The state of each delivery right after the crash, by tier; none when the send is not there."""
    becomes: tuple[str, ...]
    """The same after others have taken over."""
    accepted: tuple[int, ...]
    """How many messages the provider of each tier has accepted."""
    told: str = "sent"
    """What the client is told that repeats its request."""


def row(step: str, crash: Crash, found: Sequence[str], becomes: Sequence[str], accepted: Sequence[int], told: str = "sent") -> Row:
    return Row(step=step, crash=crash, found=tuple(found), becomes=tuple(becomes), accepted=tuple(accepted), told=told)


class Walk:
    """One send and its crash."""

    def __init__(self, own: Installation, backend: Backend) -> None:
        self.own = own
        self.backend = backend
        self.key = f"walk-{time.monotonic_ns()}"

    def plan(self, *channels: str, **target: Any) -> JsonObject:
        """Plan the send, each channel in a tier of its own."""
        self.channels = channels
        self.body = self.backend.send({channel: tier for tier, channel in enumerate(channels)}, **target)
        return self.body

    def fault(self, channel: str, kind: str, **options: Any) -> None:
        """Let the provider of a channel fail for this recipient."""
        self.backend.fault(channel, kind, to=self.body["target"][channel], **options)

    def change_keys(self, **values: Any) -> None:
        """Change all channel keys."""
        with self.own.database.begin() as connection:
            for name, value in values.items():
                connection.execute(text(f"UPDATE channel_keys SET {name} = :value"), {"value": value})  # noqa: S608 - our own name.

    def post(self, backend: Backend | None = None) -> httpx.Response | str:
        """Post the send, always under the same Idempotency-Key; say so when no answer comes."""
        headers = {"Idempotency-Key": self.key, "Prefer": "respond-async"}
        with suppress(httpx.TransportError):
            return (backend or self.backend).post(self.body, **headers)
        return NO_ANSWER

    def accept(self) -> None:
        """Post the send to an api that accepts it."""
        answer = self.post()
        assert isinstance(answer, httpx.Response)
        assert answer.is_success, answer.text

    def states(self) -> tuple[str, ...]:
        """Give the state of each delivery, as found in Postgres."""
        statement = (
            "SELECT concat_ws(' ', state, code) AS state FROM deliveries JOIN idempotency_keys USING (send_id)"
            " WHERE key = :key ORDER BY tier"
        )
        return tuple(each.state for each in self.own.rows(statement, key=self.key))

    def accepted(self) -> tuple[int, ...]:
        """Count what the provider of each tier has accepted."""
        return tuple(len(self.backend.received(channel, self.body["target"][channel])) for channel in self.channels)

    def crash_in_worker(self, crash: Crash, task: Task | None = None) -> None:
        """Let a worker do what there is to do, until it dies of it."""
        with self.own.worker(crash=crash) as worker:
            worker.await_logged(" ready.")
            if task:
                self.own.publish(task)
            else:
                self.accept()
            assert worker.ended(20) < 0

    def assert_comes_out_as(self, row: Row) -> None:
        """Assert what is found now, and what becomes of it once others have taken over."""
        assert self.states() == row.found
        self.own.forget_the_dead()
        self.own.let_an_hour_pass()
        with self.own.worker() as worker:
            worker.await_logged(" ready.")
            self._take_over(row)
            self._redeliver()
        assert (self.states(), self.accepted()) == (row.becomes, row.accepted)
        self._assert_told(row)

    def _take_over(self, row: Row) -> None:
        """Let the client repeat its request, and recovery do its work."""
        assert isinstance(self.post(), httpx.Response)
        deadline = time.monotonic() + 20
        while self.states() != row.becomes and time.monotonic() < deadline:
            self.own.publish(Task.PROMOTE)
            self.own.recover()
            time.sleep(0.2)

    def _redeliver(self) -> None:
        """Deliver the task once more, as Redis does with one that its worker did not acknowledge."""
        statement = "SELECT deliveries.id FROM deliveries JOIN idempotency_keys USING (send_id) WHERE key = :key"
        found = [ids.encode(ids.DELIVERY, each.id) for each in self.own.rows(statement, key=self.key)]
        self.own.publish(Task.DELIVER, found, queue=Queue.SEND)
        await_true(self.own.is_quiet)

    def _assert_told(self, row: Row) -> None:
        answer = self.post()
        assert isinstance(answer, httpx.Response)
        assert answer.headers["Idempotent-Replayed"] == "true"
        told = "sent" if answer.json()["status"] else "not sent"
        assert row.told == ("still open" if answer.status_code == httpx.codes.ACCEPTED else told)

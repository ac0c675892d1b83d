"""A key's turns: what came first is answered for, what failed is forgotten, and the wait never begins anew."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from flask import Flask, Response

from api import auth, idempotency_keys, intake, services, submission
from api.dialects.kanal import routes, sending
from api.errors import Overloaded
from api.submission import Submission
from shared import ids
from shared.db import engine
from shared.domain.send import SendPlan, SendView
from shared.domain.states import DeliveryState, SendState
from shared.management import contacts
from tests.unit.kanal.samples import SEND_ID, TO, view

SENT = view(SendState.SENT, DeliveryState.SENT)
FAILED = view(SendState.FAILED, DeliveryState.FAILED, reason="no")
RUNNING = view(SendState.RUNNING, DeliveryState.QUEUED)
UNKNOWN = view(SendState.UNKNOWN, DeliveryState.UNKNOWN)
PLAN = SendPlan(dialect="kanal", deliveries=())


@dataclass
class Bench:
    """What the database and the workers say, turn by turn."""

    standing: list[SendView | None]
    """The sends of the key, as it is looked up; the last one stays."""
    own: list[Submission] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    prepared: int = 0
    full: bool = False
    """Whether nothing new is let in."""

    def admit(self) -> None:
        if self.full:
            raise Overloaded(17)

    def repeated_send(self, *_: Any) -> UUID | None:
        found = self.standing[0]
        if found is None:
            self._turn()
        return None if found is None else found.id

    def outcome_of(self, _: UUID, seconds: float) -> SendView:
        found = self.standing[0]
        assert found is not None
        self.waits.append(seconds)
        self._turn()
        return found

    def submit(self, *positional: Any, **named: Any) -> Submission:
        assert named["key"].forgets_failures
        self.waits.append(positional[2])
        return self.own.pop(0)

    def prepare(self) -> sending.Prepared:
        self.prepared += 1
        return sending.Prepared(plan=PLAN, contact_id=TO.contact_id, address=TO.address)

    def _turn(self) -> None:
        if len(self.standing) > 1:
            self.standing.pop(0)


class _Connection:
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


class _Engine:
    def connect(self) -> _Connection:
        return _Connection()


@pytest.fixture
def app() -> Flask:
    app = Flask("test")
    app.register_blueprint(routes.blueprint)
    return app


def answered(app: Flask, bench: Bench, prefer: str = "wait=5") -> Response:
    caller = auth.Caller(account_id=ids.new(), token_id=ids.new())
    wish = sending.Wish(caller=caller, prepare=bench.prepare, sent="Message sent successfully")
    with pytest.MonkeyPatch.context() as patch, app.test_request_context(headers={"Idempotency-Key": "k", "Prefer": prefer}):
        patch.setattr(idempotency_keys, "repeated_send", bench.repeated_send)
        patch.setattr(services, "admit", bench.admit)
        patch.setattr(intake, "next_number", lambda: TO.number)
        patch.setattr(submission, "outcome_of", bench.outcome_of)
        patch.setattr(submission, "submit", bench.submit)
        patch.setattr(contacts, "addressed", lambda *_: TO)
        patch.setattr(engine, "get", _Engine)
        return sending.send(wish)


def own(stands: SendView, *, replayed: bool = False) -> Submission:
    return Submission(view=stands, replayed=replayed)


@pytest.mark.parametrize(
    ("standing", "submitted", "status"),
    [
        ([None], [own(SENT)], 200),
        ([None], [own(RUNNING)], 202),
        ([None], [own(UNKNOWN)], 202),
        ([SENT], [], 201),
        ([UNKNOWN], [], 201),
        ([RUNNING], [], 202),
        ([FAILED], [own(SENT)], 200),
        ([None, SENT], [own(SENT, replayed=True)], 201),
        ([None, FAILED], [own(FAILED, replayed=True), own(SENT)], 200),
        ([FAILED, RUNNING], [own(RUNNING, replayed=True)], 202),
        ([FAILED, FAILED, FAILED, SENT], [own(FAILED, replayed=True)] * 3, 201),
    ],
)
def test_the_turns_of_a_key(app: Flask, standing: list[SendView | None], submitted: list[Submission], status: int) -> None:
    bench = Bench(standing, list(submitted))
    answer = answered(app, bench)
    assert (answer.status_code, bench.own, bench.prepared) == (status, [], len(submitted))
    assert bench.waits == sorted(bench.waits, reverse=True)
    assert max(bench.waits) <= 5
    assert answer.headers.get("Location") == (f"/v1/sends/{ids.encode(ids.SEND, SEND_ID)}" if status == 202 else None)


def test_who_does_not_wait_never_does(app: Flask) -> None:
    bench = Bench([FAILED, RUNNING], [own(RUNNING, replayed=True)])
    assert answered(app, bench, "respond-async").status_code == 202
    assert bench.waits == [0, 0, 0]


def test_under_overload_a_repeat_is_answered(app: Flask) -> None:
    assert answered(app, Bench([SENT], full=True)).status_code == 201


@pytest.mark.parametrize("standing", [None, FAILED])
def test_under_overload_nothing_new_is_even_prepared(app: Flask, standing: SendView | None) -> None:
    bench = Bench([standing], full=True)
    with pytest.raises(Overloaded):
        answered(app, bench)
    assert bench.prepared == 0

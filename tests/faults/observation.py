"""Looking at what a scenario came to: Postgres's rows, the providers' messages, the workers' own words."""

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import httpx
import sqlalchemy
from sqlalchemy.exc import DBAPIError

from deploy.local.home import Home
from deploy.local.stack import Stack
from shared.domain.states import DeliveryState, SendState
from tests.faults import broker, mixture, patience
from tests.faults.load import Answer
from tests.faults.verdict import Delivery, Message, Observed, Send

_LISTING_SECONDS: Final = 120
_POLL_SECONDS: Final = 0.5

_RAISED: Final = "task.failed"
_ORDER: Final = re.compile(rf"{mixture.ORDER}\d+")

_SENDS: Final = sqlalchemy.text("""
    SELECT id, state, CAST(extract(epoch FROM created_at) AS double precision) AS created_at,
           CAST(extract(epoch FROM schedule_at) AS double precision) AS schedule_at,
           CAST(extract(epoch FROM ended_at) AS double precision) AS ended_at
      FROM sends
""")
_DELIVERIES: Final = sqlalchemy.text("""
    SELECT deliveries.id, send_id, channel, deliveries.state, coalesce(outcomes, '{}') AS outcomes,
           coalesce(variables ->> 'order_id', '') AS "order"
      FROM deliveries
      JOIN sends ON sends.id = send_id
      LEFT JOIN (SELECT delivery_id, array_agg(outcome ORDER BY started_at) AS outcomes FROM attempts GROUP BY 1) AS theirs
        ON theirs.delivery_id = deliveries.id
""")
_OPEN: Final = sqlalchemy.text("""
    SELECT (SELECT count(*) FROM sends WHERE state IN ('scheduled', 'running'))
         + (SELECT count(*) FROM deliveries WHERE state IN ('queued', 'claimed'))
""")


@contextmanager
def database(stack: Stack) -> Iterator[sqlalchemy.Engine]:
    """Connect to the database of a stack."""
    engine = sqlalchemy.create_engine(stack.environment()["ANTAR_DATABASE_URL"], pool_pre_ping=True)
    yield engine
    engine.dispose()


def await_quiet(stack: Stack, seconds: float = patience.QUIET_SECONDS) -> bool:
    """Wait until Postgres holds no open work, then until the broker holds no delivery; tell whether neither took longer."""
    with database(stack) as engine:
        has_ended = _await(lambda: _open(engine) == 0, seconds)
    return has_ended and _await(lambda: broker.is_drained(stack), seconds)


def _await(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _open(engine: sqlalchemy.Engine) -> int | None:
    """Count what has not ended; ``None`` while Postgres is away."""
    try:
        with engine.connect() as connection:
            return int(connection.execute(_OPEN).scalar_one())
    except DBAPIError:
        return None


def observe(stack: Stack, answers: Sequence[Answer]) -> Observed:
    """Look at everything."""
    with database(stack) as engine, engine.connect() as connection:
        sends = [_send(row) for row in connection.execute(_SENDS)]
        deliveries = [_delivery(row) for row in connection.execute(_DELIVERIES)]
    return Observed(answers=answers, sends=sends, deliveries=deliveries, messages=messages(stack))


def _send(row: Any) -> Send:
    return Send(
        id=row.id,
        state=SendState(row.state),
        created_at=row.created_at,
        schedule_at=row.schedule_at,
        ended_at=row.ended_at,
    )


def _delivery(row: Any) -> Delivery:
    return Delivery(
        id=row.id,
        send_id=row.send_id,
        channel=row.channel,
        state=DeliveryState(row.state),
        order=row.order,
        attempts=tuple(row.outcomes),
    )


def messages(stack: Stack) -> list[Message]:
    """Give everything that the providers accepted."""
    listed = httpx.get(f"{stack.sandbox_url}/_sandbox/messages", timeout=_LISTING_SECONDS).json()["messages"]
    return [_message(each) for each in listed]


def _message(listed: dict[str, Any]) -> Message:
    return Message(
        channel=listed["channel"],
        to=listed["to"],
        order=_order(listed["body"] or ""),
        delivery_id=UUID(listed["delivery_id"]) if listed["delivery_id"] else None,
        received_at=datetime.fromisoformat(listed["received_at"]).timestamp(),
    )


def _order(body: str) -> str:
    found = _ORDER.search(body)
    return found[0] if found else ""


def logged(home: Home) -> Counter[str]:
    """Count what the workers say happened: each event, under ``<event>.deliveries`` what it was about, errors by class."""
    found: Counter[str] = Counter()
    for path in home.logs.glob("worker-*.log*"):
        for line in path.read_text(errors="replace").splitlines():
            _count(line, found)
    return found


def _count(line: str, found: Counter[str]) -> None:
    try:
        entry = json.loads(line)
    except ValueError:
        return
    if isinstance(entry, dict) and isinstance(event := entry.get("event"), str):
        found[event] += 1
        found[_raised(entry)] += event == _RAISED
        for name in ("deliveries", "sends", "outcomes"):
            found[f"{event}.{name}"] += entry.get(name, 0) if isinstance(entry.get(name, 0), int) else 0


def _raised(entry: Mapping[str, Any]) -> str:
    """Give the kind of an error, without those of its causes."""
    return str(entry.get("error", "")).partition(" ")[0]

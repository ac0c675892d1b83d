"""Messages that nobody can say were sent or not: they wait for a person, who has the last word."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import sqlalchemy
from sqlalchemy import update

from shared import vault
from shared.db.tables import channel_keys
from tests.acceptance.backend import Backend, await_true, deliveries


@pytest.fixture
def held(backend: Backend, database: sqlalchemy.Engine) -> Iterator[dict[str, Any]]:
    """A send whose first message was accepted by a provider that never says so, and whose key wants a person to decide."""
    mine = channel_keys.c.token_hash == vault.token_hash(backend.keys["telegram"])
    with database.begin() as connection:
        connection.execute(update(channel_keys).where(mine).values(on_unknown="hold"))
    body = backend.send({"telegram": 0, "waba": 1})
    backend.fault("telegram", "drop_after", to=body["target"]["telegram"], times=1)
    send_id = backend.post(body, Prefer="respond-async").json()["id"]
    await_true(lambda: deliveries(backend.look_up(send_id))["telegram"]["held"])
    yield {"id": send_id, "to": body["target"]["telegram"], "delivery": deliveries(backend.look_up(send_id))["telegram"]["id"]}
    with database.begin() as connection:
        connection.execute(update(channel_keys).where(mine).values(on_unknown="next_tier"))


def _decide(backend: Backend, held: dict[str, Any], decision: str) -> httpx.Response:
    path = f"/v1/deliveries/{held['delivery']}/{decision}"
    return backend.http.post(path, headers={"Authorization": f"Bearer {backend.token}"})


def _received(backend: Backend, held: dict[str, Any]) -> tuple[int, int]:
    return len(backend.received("telegram", held["to"])), len(backend.received("waba", held["to"]))


@pytest.mark.parametrize(
    ("decision", "state", "received"),
    [("release", "sent", (2, 0)), ("fail", "failed", (1, 1)), ("confirm", "sent", (1, 0))],
)
def test_a_person_decides(backend: Backend, held: dict[str, Any], decision: str, state: str, received: tuple[int, int]) -> None:
    assert backend.look_up(held["id"])["state"] == "running"
    assert held["delivery"] in {each["id"] for each in backend.get("/v1/deliveries?held=true&limit=100").json()["data"]}
    answer = _decide(backend, held, decision)
    assert (answer.status_code, answer.json()["data"]["id"]) == (200, held["id"])
    send = backend.ended(held["id"])
    assert (send["state"], deliveries(send)["telegram"]["state"], deliveries(send)["telegram"]["held"]) == ("sent", state, False)
    assert _received(backend, held) == received
    (noted,) = (entry["text"] for entry in send["timeline"] if entry["kind"].startswith("held."))
    assert noted.endswith(f": by api token {backend.token[:12]}")
    assert held["delivery"] not in {each["id"] for each in backend.get("/v1/deliveries?held=true&limit=100").json()["data"]}
    assert {_decide(backend, held, each).status_code for each in ("release", "fail", "confirm")} == {409}


def test_others_can_neither_see_nor_decide(backend: Backend, stranger: Backend, held: dict[str, Any]) -> None:
    assert stranger.get("/v1/deliveries?held=true").json()["data"] == []
    assert {_decide(stranger, held, each).status_code for each in ("release", "fail", "confirm")} == {404}
    assert deliveries(backend.look_up(held["id"]))["telegram"]["held"] is True

"""Sizes, methods and repeats, as they come over the wire."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from sqlalchemy import Engine, func, update

from deploy.local.stack import Stack
from shared import settings
from shared.db.tables import api_tokens
from tests.integration.api.caller import Caller, await_true

_LIMIT = settings.Settings.model_fields["max_body_bytes"].default


def _in_chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 10_000):
        yield body[start : start + 10_000]


@pytest.mark.parametrize(("size", "status"), [(_LIMIT, 202), (_LIMIT + 1, 413), (2 * _LIMIT, 413)])
@pytest.mark.parametrize("chunked", [False, True])
def test_the_largest_body(caller: Caller, size: int, status: int, *, chunked: bool) -> None:
    body = json.dumps(caller.body()).encode().ljust(size)
    answer = caller.http.post("/v1/send", content=_in_chunks(body) if chunked else body, headers=caller.authorization)
    assert answer.status_code == status
    assert answer.json().get("reason") == (None if status == 202 else "request entity too large")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_another_method(caller: Caller, method: str) -> None:
    answer = caller.http.request(method, "/v1/send", headers=caller.authorization)
    assert (answer.status_code, answer.headers.get("Allow")) == (405, "OPTIONS, POST")
    assert answer.json() == {"status": False, "reason": "method not allowed"}


def test_what_is_not_there_is_told_in_the_shape_of_its_place(caller: Caller) -> None:
    told = {path: caller.http.get(path, headers=caller.authorization).json() for path in ("/v1/send/x", "/v1/sendx", "/v1/sends/x")}
    assert told.pop("/v1/send/x") == {"status": False, "reason": "not found"}
    assert {answer["error"]["code"] for answer in told.values()} == {"resource_not_found"}


def test_a_scheduled_send_is_found_by_its_key_when_its_time_has_passed(caller: Caller, database: Engine) -> None:
    body = caller.body(timing={"schedule": int(time.time()) + 2})
    first = caller.post(body, Idempotency_Key="later")
    assert first.json()["scheduled"] is True
    await_true(lambda: time.time() > body["context"]["timing"]["schedule"], 5)
    again = caller.post(body, Idempotency_Key="later")
    assert again.headers.get("Idempotent-Replayed") == "true", again.text
    assert again.json()["id"] == first.json()["id"]
    assert caller.sends(database) == 1
    assert caller.post(body, Idempotency_Key="another").json()["reason"] == "Invalid schedule: the time is in the past."


def test_a_revocation_that_redis_lost_is_seen_after_a_reconnect(own_stack: Stack, caller: Caller, database: Engine) -> None:
    assert caller.post().status_code == 202
    with database.begin() as connection:
        connection.execute(update(api_tokens).where(api_tokens.c.account_id == caller.account_id).values(revoked_at=func.now()))
    assert caller.post().status_code == 202
    with redis.Redis.from_url(own_stack.environment()["ANTAR_BROKER_URL"]) as client:
        client.client_kill_filter(_type="pubsub")
    await_true(lambda: caller.post().status_code == 401, 20)


def test_a_request_that_waits_is_answered_before_the_api_stops(own_stack: Stack, caller: Caller, database: Engine) -> None:
    with ThreadPoolExecutor(max_workers=1) as threads:
        waiting = threads.submit(caller.post, Prefer="wait=14")
        await_true(lambda: caller.sends(database) == 1, 5)
        own_stack.restart("api")
        assert waiting.result().status_code == 202

"""Fifty requests at once that are one, in each dialect; and again when the api is killed between its commit and its answers."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from deploy.local.stack import Stack
from shared import ids
from tests.acceptance.backend import Backend, JsonObject, await_true, new_phone
from tests.installation.apart import Installation, installation
from tests.installation.crashing import Crash, When

AT_ONCE: Final = 50
DIES_AFTER_THE_COMMIT: Final = Crash(When.AFTER, "api.intake:_write")


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How one dialect is asked, and when its answers go together."""

    path: str
    body: Callable[[Backend, str], JsonObject]
    first_status: int
    check: Callable[[Sequence[httpx.Response], str], None]
    """Whether answers tell of one send: those to repeats, of which the first may be the send's own."""


def kirisan_body(backend: Backend, phone: str) -> JsonObject:
    return backend.send({"waba": 0}, waba=phone)


def text_body(_: Backend, phone: str) -> JsonObject:
    return {"to": f"+{phone}", "type": "text", "text": {"body": "Hello"}}


def check_kirisan(answers: Sequence[httpx.Response], _: str) -> None:
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert all(answer.json()["channels"]["waba"]["status"] for answer in answers)


def check_kirim(answers: Sequence[httpx.Response], _: str) -> None:
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1


def check_kanal(answers: Sequence[httpx.Response], key: str) -> None:
    noted = [answer for answer in answers if answer.status_code == 201]
    assert len(noted) >= len(answers) - 1
    assert all(answer.json() == {"message": f"Message already sent with this idempotency key: {key}"} for answer in noted)
    assert all(answer.json()["success"] for answer in answers if answer not in noted)


DIALECTS: Final = {
    "kirisan": Dialect(path="/v1/send", body=kirisan_body, first_status=200, check=check_kirisan),
    "kirim": Dialect(path="/v1/messages", body=text_body, first_status=202, check=check_kirim),
    "kanal": Dialect(path="/api/v1/messages/send", body=text_body, first_status=200, check=check_kanal),
}


@pytest.fixture(scope="module")
def apart(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    home = tmp_path_factory.mktemp("idempotency")
    with installation(stack, home) as made, made.worker():
        yield made


@pytest.fixture(scope="module")
def served(apart: Installation) -> Iterator[Backend]:
    with apart.api() as api:
        yield api.await_ready().backend


@pytest.fixture(autouse=True)
def _tokens_afresh(apart: Installation) -> None:
    """Limits are of requests a minute, and these tests are in a hurry."""
    limits = '{"write_per_minute": 100000, "read_per_minute": 100000, "kanal_per_minute": 100000}'
    with apart.database.begin() as connection:
        connection.execute(text("UPDATE accounts SET settings = CAST(:limits AS jsonb)"), {"limits": limits})


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    return DIALECTS[request.param]


def open_window(apart: Installation, phone: str) -> None:
    """Let a person have written just now to every number of every account."""
    statement = """
        INSERT INTO conversations (key_id, address, account_id, last_inbound_at)
        SELECT id, :address, account_id, now() FROM channel_keys WHERE channel = 'waba'
    """
    with apart.database.begin() as connection:
        connection.execute(text(statement), {"address": phone})


def post_at_once(backend: Backend, dialect: Dialect, body: Mapping[str, Any], key: str) -> list[httpx.Response]:
    """Post one request many times at once; what gets no answer is left out."""
    headers = {"Authorization": f"Bearer {backend.token}", "Idempotency-Key": key}
    limits = httpx.Limits(max_connections=AT_ONCE)

    def post(_: int) -> httpx.Response | None:
        with suppress(httpx.TransportError):
            return client.post(dialect.path, json=body, headers=headers)
        return None

    with httpx.Client(base_url=backend.http.base_url, timeout=60, limits=limits) as client, ThreadPoolExecutor(AT_ONCE) as threads:
        return [answer for answer in threads.map(post, range(AT_ONCE)) if answer is not None]


def sends_to(apart: Installation, phone: str) -> list[str]:
    rows = apart.rows("SELECT send_id FROM deliveries WHERE address = :address", address=phone)
    return [ids.encode(ids.SEND, row.send_id) for row in rows]


def await_one_message(apart: Installation, backend: Backend, phone: str) -> None:
    """See one send and one message, now and when nothing is left to do."""
    await_true(lambda: len(backend.received("waba", phone)) == 1)
    await_true(apart.is_quiet)
    assert len(sends_to(apart, phone)) == 1
    assert len(backend.received("waba", phone)) == 1


def test_fifty_at_once_are_one(apart: Installation, served: Backend, dialect: Dialect) -> None:
    phone, key = new_phone(), str(uuid4())
    open_window(apart, phone)
    answers = post_at_once(served, dialect, dialect.body(served, phone), key)
    assert len(answers) == AT_ONCE
    dialect.check(answers, key)
    assert Counter(answer.status_code for answer in answers)[dialect.first_status] >= 1
    await_one_message(apart, served, phone)


def test_fifty_at_once_are_one_when_the_api_is_killed_after_its_commit(
    apart: Installation, served: Backend, dialect: Dialect
) -> None:
    phone, key = new_phone(), str(uuid4())
    open_window(apart, phone)
    body = dialect.body(served, phone)
    with apart.api(DIES_AFTER_THE_COMMIT) as dying:
        assert post_at_once(dying.await_ready().backend, dialect, body, key) == []
    assert len(sends_to(apart, phone)) == 1
    apart.let_an_hour_pass()
    apart.recover()
    dialect.check(post_at_once(served, dialect, body, key), key)
    await_one_message(apart, served, phone)

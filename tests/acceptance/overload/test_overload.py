"""When workers fall behind: sends are accepted up to a bound, then refused in each dialect's words; nothing accepted is lost."""

import time
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.acceptance.backend import await_true, new_phone
from tests.acceptance.overload.conftest import MOST, Shop


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """What was accepted while no worker took anything, until nothing was."""

    shop: Shop
    phones: dict[str, str]
    """To whom the messages under each key go."""
    first: dict[str, httpx.Response]
    """The answer to each key."""
    scheduled: str
    others: list[str]


@pytest.fixture(scope="module")
def crowd(shop: Shop) -> Crowd:
    shop.stack.halt("worker-send")
    later = shop.send({"waba": 0}) | {"context": {"timing": {"schedule": int(time.time()) + 3600}}}
    scheduled = shop.post(later).json()["id"]
    phones = {"kirisan": new_phone(), "kirim": new_phone(), "kanal": new_phone()}
    first = {dialect: send(shop, dialect, phone, Idempotency_Key=f"key of {dialect}") for dialect, phone in phones.items()}
    return Crowd(shop=shop, phones=phones, first=first, scheduled=scheduled, others=shop.fill())


def send(shop: Shop, dialect: str, phone: str, **headers: str) -> httpx.Response:
    if dialect == "kirisan":
        return shop.post(shop.send({"waba": 0}, waba=phone, whatsapp=phone, telegram=phone, email="a@customer.example"), **headers)
    return shop.kirim(phone, **headers) if dialect == "kirim" else shop.kanal(phone, **headers)


def test_exactly_as_many_are_accepted_as_may_wait(crowd: Crowd) -> None:
    assert {answer.status_code for answer in crowd.first.values()} == {202}
    assert len(crowd.others) == MOST - 3


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        ("kirisan", {"status": False, "reason": "service temporarily unavailable"}),
        ("kirim", {"type": "api_error", "code": "service_unavailable", "message": "service temporarily unavailable"}),
        ("kanal", {"error": "Service temporarily unavailable"}),
    ],
)
def test_a_new_send_is_refused_in_its_dialects_words(crowd: Crowd, dialect: str, body: dict[str, Any]) -> None:
    for headers in ({}, {"Idempotency_Key": f"another of {dialect}"}):
        answer = send(crowd.shop, dialect, new_phone(), **headers)
        told = answer.json()
        if dialect == "kirim":
            assert told["error"].pop("request_id")
            told = told["error"]
        assert (answer.status_code, told) == (503, body)
        assert 2 <= int(answer.headers["Retry-After"]) <= 60


@pytest.mark.parametrize("dialect", ["kirisan", "kirim", "kanal"])
def test_a_repeat_is_answered_with_its_send(crowd: Crowd, dialect: str) -> None:
    answer = send(crowd.shop, dialect, crowd.phones[dialect], Idempotency_Key=f"key of {dialect}")
    assert (answer.status_code, answer.json()) == (202, crowd.first[dialect].json())


def test_a_key_that_stands_for_another_request_is_told_so(crowd: Crowd) -> None:
    assert crowd.shop.kirim(new_phone(), Idempotency_Key="key of kirim").status_code == 422


@pytest.mark.usefixtures("crowd")
def test_what_is_wrong_in_itself_is_told_as_ever(shop: Shop) -> None:
    assert shop.kirim("12").status_code == 400
    assert shop.post({}).status_code == 400
    assert shop.http.post("/v1/send", json={}).status_code == 401


def test_only_new_sends_are_refused(crowd: Crowd) -> None:
    shop = crowd.shop
    paths = ("/v1/sends", f"/v1/sends/{crowd.scheduled}", f"/v1/messages/{crowd.others[0]}", "/v1/templates", "/v1/me")
    assert [shop.get(path).status_code for path in paths] == [200] * len(paths)
    assert shop.delete(f"/v1/sends/{crowd.scheduled}").status_code == 200
    inbound = {"channel": "waba", "from": new_phone(), "text": "Hello"}
    assert shop.sandbox.post("/_sandbox/inbound", json=inbound).is_success


def test_what_providers_post_has_a_bound_of_its_own(crowd: Crowd) -> None:
    """No worker of this stack handles it; the sandbox may have posted some."""
    shop = crowd.shop
    answers = [shop.report() for _ in range(4)]
    assert answers[-1].status_code == 503
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert answers[-1].json()["error"]["code"] == "service_unavailable"
    assert int(answers[-1].headers["Retry-After"]) >= 2
    unproven = shop.http.post(shop.receipts, content=b"{}")
    assert unproven.status_code == 503
    await_true(lambda: {"deliveries", "webhooks"} == {each["kind"] for each in shop.said("backlog.refusing")})


@pytest.mark.usefixtures("crowd")
def test_the_operator_sees_it(shop: Shop) -> None:
    ready = shop.http.get("/readyz")
    found = ready.json()["oldest_queued"]
    assert (ready.status_code, found["status"], found["waiting"]) == (503, "failing", MOST)
    assert f"{MOST} deliveries are due" in found["problem"]
    assert "refused with 503" in found["problem"]
    assert shop.http.get("/readyz?exclude=oldest_queued").status_code == 200
    await_true(lambda: bool(shop.refusals()))
    (said,) = shop.refusals()
    assert (said["waiting"], said["most"]) == (MOST, MOST)


def test_workers_bring_everything_to_its_end_and_the_intake_back(crowd: Crowd) -> None:
    shop = crowd.shop
    shop.stack.resume("worker-send")
    await_true(lambda: shop.kirisan(Prefer="respond-async").status_code == 202)
    waiting = [answer.json()["id"] for dialect, answer in crowd.first.items() if dialect == "kirisan"]
    assert [shop.ended(send_id)["state"] for send_id in waiting] == ["sent"]
    messages = [*crowd.others, crowd.first["kirim"].json()["data"]["id"]]
    await_true(lambda: not {shop.get(f"/v1/messages/{each}").json()["data"]["status"] for each in messages} & {"pending"})
    assert {shop.get(f"/v1/messages/{each}").json()["data"]["status"] for each in messages} <= {"sent", "delivered"}
    assert [len(shop.received("waba", phone)) for phone in crowd.phones.values()] == [1, 1, 1]
    await_true(lambda: bool(shop.said("backlog.accepting")))
    (said,) = shop.said("backlog.accepting")
    assert said["refused"] > 0
    assert len(shop.refusals()) == 1

"""How long a request waits, what it answers when that was not enough, and what a repeat of it gets."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from tests.acceptance.backend import Backend, deliveries


def test_respond_async(backend: Backend) -> None:
    answer = backend.post(backend.send({"waba": 0}), Prefer="respond-async")
    identifier = answer.json()["id"]
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/sends/{identifier}"
    assert answer.headers["Preference-Applied"] == "respond-async"
    assert answer.json() == {
        "status": True,
        "queued": True,
        "id": identifier,
        "channels": {"waba": {"status": True, "queued": True}},
    }
    assert backend.ended(identifier)["state"] == "sent"


def test_a_wait_that_runs_out(backend: Backend) -> None:
    body = backend.send({"telegram": 0, "waba": 0})
    backend.fault("waba", "slow", to=body["target"]["waba"], latency_ms=2500)
    answer = backend.post(body, Prefer="wait=1")
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (202, "wait=1")
    channels = answer.json()["channels"]
    assert channels["waba"] == {"status": True, "queued": True}
    assert (channels["telegram"]["status"], "processing_time" in channels["telegram"]) == (True, True)
    assert backend.ended(answer.json()["id"])["state"] == "sent"


def test_a_repeat_under_the_same_key_is_the_same_send(backend: Backend) -> None:
    body, key = backend.send({"waba": 0}), str(uuid4())
    first, second = (backend.post(body, Idempotency_Key=key) for _ in range(2))
    assert (first.headers["Idempotent-Replayed"], second.headers["Idempotent-Replayed"]) == ("false", "true")
    assert first.json() == second.json()
    assert len(backend.received("waba", body["target"]["waba"])) == 1


def test_another_request_under_the_same_key(backend: Backend) -> None:
    key = str(uuid4())
    backend.post(backend.send({"waba": 0}), Idempotency_Key=key)
    answer = backend.post(backend.send({"waba": 0}), Idempotency_Key=key)
    assert (answer.status_code, answer.json()["status"]) == (422, False)


def test_a_key_that_is_too_long(backend: Backend) -> None:
    answer = backend.post(backend.send({"waba": 0}), Idempotency_Key="k" * 256)
    assert (answer.status_code, answer.json()["status"]) == (400, False)


def test_fifty_at_once_under_one_key_are_one_send(backend: Backend) -> None:
    body, key = backend.send({"waba": 0}), str(uuid4())
    with ThreadPoolExecutor(max_workers=50) as threads:
        answers = list(threads.map(lambda _: backend.post(body, Idempotency_Key=key), range(50)))
    assert {answer.json()["id"] for answer in answers} == {answers[0].json()["id"]}
    assert {answer.status_code for answer in answers} <= {200, 202}
    assert backend.ended(answers[0].json()["id"])["state"] == "sent"
    assert len(backend.received("waba", body["target"]["waba"])) == 1


def test_the_key_of_another_account_is_another_key(backend: Backend, stranger: Backend) -> None:
    key = str(uuid4())
    mine = backend.post(backend.send({"waba": 0}), Idempotency_Key=key).json()["id"]
    theirs = stranger.post(stranger.send({"waba": 0}), Idempotency_Key=key).json()["id"]
    assert mine != theirs


def test_what_is_looked_up_tells_the_whole_story(backend: Backend) -> None:
    body = backend.send({"whatsapp": 0, "email": 1})
    backend.fault("whatsapp", "recipient", to=body["target"]["whatsapp"])
    send = backend.look_up(backend.post(body).json()["id"])
    assert (send["state"], send["dialect"], send["tier"]) == ("sent", "kirisan", 1)
    assert [tier["tier"] for tier in send["tiers"]] == [0, 1]
    (attempt,) = deliveries(send)["whatsapp"]["attempts"]
    assert (attempt["outcome"], attempt["provider_status"], attempt["request"]) == ("not_sent", 500, "POST /api/sendText")
    assert [delivery["ended_at"] >= delivery["attempts"][-1]["ended_at"] for delivery in deliveries(send).values()] == [True, True]
    assert [entry["at"] for entry in send["timeline"]] == sorted(entry["at"] for entry in send["timeline"])


def test_another_accounts_send_does_not_exist(backend: Backend, stranger: Backend) -> None:
    identifier = backend.post(backend.send({"waba": 0})).json()["id"]
    theirs, nobodys = stranger.get(f"/v1/sends/{identifier}"), stranger.get("/v1/sends/snd_00000000000000000000000000")
    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert theirs.json()["error"] | {"request_id": ""} == nobodys.json()["error"] | {"request_id": ""}


def test_sends_are_listed_by_recipient(backend: Backend) -> None:
    body = backend.send({"waba": 0})
    identifiers = {backend.post(body).json()["id"] for _ in range(3)}
    page = backend.get(f"/v1/sends?recipient={body['target']['waba']}&limit=2").json()
    rest = backend.get(f"/v1/sends?recipient={body['target']['waba']}&limit=2&cursor={page['next_cursor']}").json()
    assert {send["id"] for send in (*page["data"], *rest["data"])} == identifiers
    assert (page["has_more"], rest["has_more"]) == (True, False)

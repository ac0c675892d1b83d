"""What a repeat under the same idempotency key gets, and what a wait that runs out does."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import delete

from shared.db.tables import conversations
from shared.management import contacts
from tests.acceptance.backend import Backend, await_true, new_phone
from tests.acceptance.kanal.conftest import MakeTeam
from tests.acceptance.kanal.team import VARIABLES, Team, text
from tests.acceptance.kanal.test_refusals import error, refused


def repeated(answer: httpx.Response, key: str) -> None:
    refused(answer, 201, f'{{"message":"Message already sent with this idempotency key: {key}"}}')


def test_a_repeat_sends_nothing_whatever_its_body(team: Team, backend: Backend) -> None:
    phone, other, key = team.open_window(), team.open_window(), str(uuid4())
    assert team.send(text(phone), Idempotency_Key=key).status_code == 200
    repeated(team.send(text(phone), Idempotency_Key=key), key)
    repeated(team.send(text(other, "Something else"), Idempotency_Key=key), key)
    body = {"template_id": team.template(), "phone_number": other, "variables": VARIABLES}
    repeated(team.post("templates", body, Idempotency_Key=key), key)
    assert (len(backend.received("waba", phone)), backend.received("waba", other)) == (1, [])


def test_a_repeat_is_answered_although_the_contact_may_not_be_written_to_by_now(team: Team) -> None:
    phone, key = team.open_window(), str(uuid4())
    assert team.send(text(phone), Idempotency_Key=key).status_code == 200
    with team.engine.begin() as connection:
        connection.execute(delete(conversations).where(conversations.c.address == phone))
    repeated(team.send(text(phone), Idempotency_Key=key), key)


def test_the_key_of_another_api_key_is_another_key(team: Team) -> None:
    phone, key = team.open_window(), str(uuid4())
    answers = [sender.send(text(phone), Idempotency_Key=key) for sender in (team, team.with_token())]
    assert [answer.status_code for answer in answers] == [200, 200]


def test_a_template_is_repeated_likewise(team: Team) -> None:
    body = {"template_id": team.template(), "phone_number": new_phone(), "variables": VARIABLES}
    key = str(uuid4())
    assert team.post("templates", body, Idempotency_Key=key).status_code == 200
    repeated(team.post("templates", body, Idempotency_Key=key), key)


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_that_is_none(team: Team, key: str) -> None:
    message = "Idempotency-Key must have 1 to 255 characters of ASCII"
    refused(team.send(text(team.open_window()), Idempotency_Key=key), 400, error(message))


def test_an_attempt_that_failed_is_not_remembered(team: Team, backend: Backend) -> None:
    phone, key = team.open_window(), "k" * 255
    backend.fault("waba", "recipient", to=phone, times=1)
    assert team.send(text(phone), Idempotency_Key=key).status_code == 400
    assert team.send(text(phone), Idempotency_Key=key).status_code == 200
    repeated(team.send(text(phone), Idempotency_Key=key), key)
    assert len(backend.received("waba", phone)) == 1


def test_what_was_refused_before_it_was_sent_is_not_remembered(team: Team) -> None:
    phone, key = new_phone(), str(uuid4())
    assert team.send(text(phone), Idempotency_Key=key).status_code == 400
    team.open_window(phone)
    assert team.send(text(phone), Idempotency_Key=key).status_code == 200


def test_fifty_at_once_under_one_key_are_one_message(make_team: MakeTeam, backend: Backend) -> None:
    team, key = make_team(), str(uuid4())
    phone = team.open_window()
    with ThreadPoolExecutor(max_workers=50) as threads:
        answers = list(threads.map(lambda _: team.send(text(phone), Idempotency_Key=key), range(50)))
    found = Counter(answer.status_code for answer in answers)
    assert found[200] <= 1
    assert found[200] + found[201] + found[202] == 50, [answer.text for answer in answers]
    await_true(lambda: [send["state"] for send in team.sends_to(phone)] == ["sent"])
    assert len(backend.received("waba", phone)) == 1
    repeated(team.send(text(phone), Idempotency_Key=key), key)


def test_when_the_first_of_many_fails_one_of_the_others_sends(make_team: MakeTeam, backend: Backend) -> None:
    team, key = make_team(), str(uuid4())
    phone = team.open_window()
    backend.fault("waba", "recipient", to=phone, times=1)
    with ThreadPoolExecutor(max_workers=10) as threads:
        answers = list(threads.map(lambda _: team.send(text(phone), Idempotency_Key=key), range(10)))
    assert Counter(answer.status_code for answer in answers) == {400: 1, 200: 1, 201: 8}
    assert len(backend.received("waba", phone)) == 1
    assert sorted(send["state"] for send in team.sends_to(phone)) == ["failed", "sent"]


def test_a_wait_that_runs_out_is_answered_and_its_repeat_waits_on(team: Team, backend: Backend) -> None:
    phone, key = team.open_window(), str(uuid4())
    backend.fault("waba", "slow", to=phone, latency_ms=3500)
    first = team.send(text(phone), Idempotency_Key=key, Prefer="wait=1")
    assert (first.status_code, first.headers["Preference-Applied"]) == (202, "wait=1")
    [contact] = team.contacts(phone)
    integers = f'"message_id":{first.json()["message_id"]},"contact_id":{contact.id}'
    expected = f'{{"success":true,"message":"Message accepted for delivery",{integers},"phone_number":"{phone}"}}'
    assert first.text.strip() == expected
    at_once = team.send(text(team.open_window()), Idempotency_Key=key, Prefer="respond-async")
    refused(at_once, 202, expected)
    assert at_once.headers["Location"] == first.headers["Location"]
    repeated(team.send(text(phone), Idempotency_Key=key), key)
    assert team.get(first.headers["Location"]).json()["data"]["state"] == "sent"


def test_respond_async(team: Team) -> None:
    phone = team.open_window()
    answer = team.send(text(phone), Prefer="respond-async")
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (202, "respond-async")
    await_true(lambda: team.get(answer.headers["Location"]).json()["data"]["state"] == "sent")


def test_an_outcome_that_nobody_knows(team: Team, backend: Backend) -> None:
    phone, key = team.open_window(), str(uuid4())
    backend.fault("waba", "drop_after", to=phone)
    answer = team.send(text(phone), Idempotency_Key=key)
    assert (answer.status_code, answer.json()["message"]) == (202, "Message accepted for delivery")
    assert team.get(answer.headers["Location"]).json()["data"]["state"] == "unknown"
    repeated(team.send(text(phone), Idempotency_Key=key), key)
    assert len(backend.received("waba", phone)) == 1


def test_a_contact_that_many_meet_at_once_is_one(team: Team) -> None:
    phone = new_phone()

    def meet(number: int) -> int:
        with team.engine.begin() as connection:
            return contacts.meet(connection, team.account_id, phone, team.key_id, name=f"Alex {number}").id

    with ThreadPoolExecutor(max_workers=8) as threads:
        found = set(threads.map(meet, range(40)))
    assert found == {contact.id for contact in team.contacts(phone)}
    assert len(found) == 1

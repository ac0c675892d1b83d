"""Requests that are one, by their Idempotency-Key."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final
from uuid import uuid4

import pytest
from sqlalchemy import update

from shared.db.tables import idempotency_keys
from shared.management import templates
from tests.acceptance.backend import Backend, await_true, new_phone
from tests.acceptance.kirim.conftest import MakeOrganisation
from tests.acceptance.kirim.organisation import Organisation, text
from tests.acceptance.kirim.test_refusals import check
from tests.unit.kirim.examples import PRINTED

_REUSED: Final = (422, "invalid_request_error", "idempotency_key_reuse", "Idempotency-Key")


@pytest.fixture
def key() -> str:
    return str(uuid4())


def test_a_repeat_gets_the_first_answer_byte_for_byte(organisation: Organisation, backend: Backend, key: str) -> None:
    message = text()
    first = organisation.post(message, Idempotency_Key=key)
    organisation.reached(first.json()["data"]["id"], "sent", "delivered")
    again = organisation.post(dict(reversed(message.items())), Idempotency_Key=key)
    assert (first.headers["Idempotent-Replayed"], again.headers["Idempotent-Replayed"]) == ("false", "true")
    assert (again.status_code, again.content) == (202, first.content)
    assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"] == first.json()["request_id"]
    assert len(backend.received("waba", message["to"].removeprefix("+"))) == 1


def test_many_at_once_are_one(organisation: Organisation, backend: Backend, key: str) -> None:
    message = text()
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: organisation.post(message, Idempotency_Key=key), range(16)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert sorted(answer.headers["Idempotent-Replayed"] for answer in answers).count("false") == 1
    organisation.reached(answers[0].json()["data"]["id"], "sent", "delivered")
    assert len(backend.received("waba", message["to"].removeprefix("+"))) == 1


def test_another_message_under_the_same_key(organisation: Organisation, key: str) -> None:
    message = text()
    organisation.sent(message, Idempotency_Key=key)
    answer = organisation.post(text(message["to"], "Sampai jumpa"), Idempotency_Key=key)
    check(answer, *_REUSED)


def test_a_key_of_another_account_is_another_key(organisation: Organisation, make_organisation: MakeOrganisation, key: str) -> None:
    other = make_organisation()
    other.add_number()
    message = text()
    assert other.sent(message, Idempotency_Key=key) != organisation.sent(message, Idempotency_Key=key)


def test_a_key_that_kirisan_has_used_is_taken(organisation: Organisation, backend: Backend, key: str) -> None:
    body = backend.send({"waba": 0})
    assert backend.post(body, Idempotency_Key=key).status_code == 200
    same_account = replace(organisation, token=backend.token)
    check(same_account.post(text(), Idempotency_Key=key), *_REUSED)
    same_account.sent(text(), Idempotency_Key=f"{key}2")
    assert backend.post(body, Idempotency_Key=f"{key}2").status_code == 422


def test_a_repeat_outlives_what_its_message_was_made_of(make_organisation: MakeOrganisation, key: str) -> None:
    organisation = make_organisation()
    number, template = organisation.add_number(), organisation.add_template("order_confirmation")
    message = {"to": f"+{new_phone()}", **PRINTED["template"][0]}
    first = organisation.post(message, Idempotency_Key=key)
    with organisation.engine.begin() as connection:
        templates.deactivate(connection, template)
    assert organisation.post(message).json()["error"]["code"] == "invalid_field_value"
    assert organisation.post(message, Idempotency_Key=key).content == first.content
    organisation.revoke(number)
    again = organisation.post(message, Idempotency_Key=key)
    assert (again.status_code, again.content, again.headers["Idempotent-Replayed"]) == (202, first.content, "true")
    other = {**message, "to": f"+{new_phone()}"}
    check(organisation.post(other, Idempotency_Key=key), *_REUSED)


def test_a_key_that_another_request_holds_is_in_progress(organisation: Organisation, key: str) -> None:
    message = text()
    organisation.sent(message, Idempotency_Key=key)
    own = (idempotency_keys.c.account_id == organisation.account_id, idempotency_keys.c.key == key)
    with organisation.engine.begin() as connection:
        connection.execute(update(idempotency_keys).where(*own).values(key=key))
        answer = organisation.post(message, Idempotency_Key=key)
        check(answer, 409, "conflict", "idempotency_in_progress")
    await_true(lambda: organisation.post(message, Idempotency_Key=key).status_code == 202)

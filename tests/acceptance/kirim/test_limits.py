"""How often an account may ask."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.acceptance.kirim.conftest import MakeOrganisation
from tests.acceptance.kirim.organisation import Organisation, text
from tests.acceptance.kirim.test_refusals import check

pytestmark = pytest.mark.steady


def told(answer: httpx.Response) -> tuple[int, int]:
    """Give the limit and what remains of it."""
    assert int(answer.headers["X-RateLimit-Reset"]) <= time.time() + 65
    return int(answer.headers["X-RateLimit-Limit"]), int(answer.headers["X-RateLimit-Remaining"])


def test_success_and_refusal_tell_what_remains(make_organisation: MakeOrganisation) -> None:
    organisation = make_organisation(write_per_minute=1000, read_per_minute=2000)
    organisation.add_number()
    assert told(organisation.post(text())) == (1000, 999)
    assert told(organisation.post(text("0811")))[0] == 1000
    assert told(organisation.post(b"{"))[0] == 1000
    for path in ("/v1/me", "/v1/messages", "/v1/messages/a", "/v1/templates", "/v1/templates/a", "/v1/messages?limit=0"):
        assert told(organisation.get(path))[0] == 2000
    assert "X-RateLimit-Limit" not in organisation.get("/v1/sends").headers


def test_whoever_writes_too_often_waits(make_organisation: MakeOrganisation) -> None:
    organisation = make_organisation(write_per_minute=3, read_per_minute=600)
    organisation.add_number()
    answers = [organisation.post(text()) for _ in range(3)]
    assert [(answer.status_code, told(answer)) for answer in answers] == [(202, (3, left)) for left in (2, 1, 0)]
    late = organisation.post(text())
    said = check(late, 429, "rate_limit_error", "rate_limit_exceeded")
    assert said.startswith("Too many requests: the account may make 3 of this kind in a minute. Retry in ")
    assert told(late) == (3, 0)
    assert 1 <= int(late.headers["Retry-After"]) <= 20
    assert organisation.get("/v1/me").status_code == 200
    assert len(organisation.get("/v1/messages").json()["data"]) == 3


def test_an_accounts_tokens_share_its_limit(make_organisation: MakeOrganisation) -> None:
    organisation = make_organisation(read_per_minute=4)
    both = (organisation, organisation.with_token())
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda number: both[number % 2].get("/v1/me").status_code, range(8)))
    assert sorted(answers) == [200] * 4 + [429] * 4


def test_an_accounts_own_limit_is_everybody_elses_no_more(make_organisation: MakeOrganisation, nobody: Organisation) -> None:
    made = make_organisation(read_per_minute=1)
    assert [made.get("/v1/me").status_code for _ in range(2)] == [200, 429]
    assert nobody.get("/v1/me").status_code == 200

"""Answers without a code of the provider's."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from multidict import CIMultiDict

from shared.domain.outcome import Trace
from worker.channels import answers
from worker.channels.answers import Answer


def answer(status: int = 200, body: bytes = b"", **headers: str) -> Answer:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(request="POST /send", status=status, headers=CIMultiDict(names), body=body)


@pytest.mark.parametrize(
    ("body", "document"),
    [(b'{"a": 1}', {"a": 1}), (b"[1]", {}), (b"", {}), (b"\xff", {}), (b"null", {}), (b"[" * 100_000, {}), (b"9" * 5000, {})],
)
def test_body_is_an_object_or_nothing(body: bytes, document: object) -> None:
    assert answer(body=body).document() == document


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        (" 7 ", 7.0),
        ("9" * 400, 86_400.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0),
        (f"Fri, 31 Dec 2027 {'9' * 30}:00:00 GMT", None),
        (f"Fri, 31 Dec 2027 00:00:00 +{'9' * 30}", None),
        ("-1", None),
        ("1.5", None),
        ("nan", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert answer(retry_after=value).retry_after() == seconds


def test_retry_after_a_date_is_the_time_until_then() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    seconds = answer(retry_after=later).retry_after()
    assert seconds is not None
    assert 3000 < seconds <= 3600


def test_trace_holds_no_more_than_it_is_told() -> None:
    assert answer(400).trace("131026") == Trace(request="POST /send", status=400, provider_code="131026")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("  a b ", "a b"),
        ("a\0b", "ab"),
        ("\ud800", "?"),
        ("x" * 600, "x" * 500),
        (None, "default"),
        (5, "default"),
        ({}, "default"),
    ],
)
def test_words_are_text_that_can_be_stored(said: object, words: str) -> None:
    assert answers.words(said, "default") == words


def test_explanation_follows_what_the_status_says() -> None:
    outcome = answers.outcome_of_status(answer(401), "Unauthorized")
    assert outcome.reason == "the provider rejected the credentials: Unauthorized"
    assert outcome.detail == {"message": "Unauthorized"}

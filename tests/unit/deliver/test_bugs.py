"""Bugs of ours are told without the values they happened on."""

from collections.abc import Callable
from typing import NoReturn

import pytest
from pydantic import BaseModel

from shared import ids
from worker.deliver.bugs import Bug, Step, quarantine_row

ADDRESS = "+6281234567890"
BODY = "Your code is 246810"
CAUGHT = (LookupError, ValueError, TypeError, RuntimeError, AttributeError)


class Parcel(BaseModel):
    """What pydantic complains about with the value in its words."""

    weight: int


def in_the_words(address: str, body: str) -> NoReturn:
    raise LookupError(f"no way to send {body} to {address}")


def in_a_key(address: str, body: str) -> None:
    _ = {body: 1}[address]


def in_the_frames(address: str, body: str) -> None:
    people = {"target": address}
    _ = len(people) + body  # type: ignore[operator]


def in_a_cause(address: str, body: str) -> NoReturn:
    try:
        in_the_words(address, body)
    except LookupError as error:
        raise RuntimeError(body) from error


def in_a_context(address: str, body: str) -> None:
    try:
        in_a_key(address, body)
    except KeyError:
        in_the_frames(address, body)


def in_a_note(address: str, body: str) -> NoReturn:
    error = ValueError(address)
    error.add_note(body)
    raise error


def in_a_group(address: str, body: str) -> NoReturn:
    raise ExceptionGroup(body, [ValueError(address)])


def in_a_validation(address: str, body: str) -> None:
    Parcel.model_validate({"weight": body, address: address})


def caught(raiser: Callable[[str, str], None]) -> Bug:
    try:
        raiser(ADDRESS, BODY)
    except (*CAUGHT, ExceptionGroup) as error:
        return Bug.of(Step.PREPARE, error)
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(
    ("raiser", "error"),
    [
        (in_the_words, "LookupError"),
        (in_a_key, "KeyError"),
        (in_the_frames, "TypeError"),
        (in_a_cause, "RuntimeError from LookupError"),
        (in_a_context, "TypeError from KeyError"),
        (in_a_note, "ValueError"),
        (in_a_group, "ExceptionGroup"),
        (in_a_validation, "ValidationError"),
    ],
)
def test_a_trace_says_where_and_never_what(raiser: Callable[[str, str], None], error: str) -> None:
    bug = caught(raiser)
    assert bug.error == error
    assert f"in {raiser.__name__}" in bug.trace
    assert all(value not in bug.trace for value in (ADDRESS, BODY))


def test_every_error_of_a_chain_has_its_own_lines() -> None:
    trace = caught(in_a_cause).trace
    last, _, first = trace.partition("LookupError:\n")
    assert last.startswith("RuntimeError:\n")
    assert "in in_the_words" not in last
    assert "in in_the_words" in first


def test_an_error_that_is_its_own_cause_is_told_once() -> None:
    first, second = ValueError(), TypeError()
    first.__context__, second.__context__ = second, first
    assert Bug.of(Step.CALL, first).error == "ValueError from TypeError"


def test_a_row_for_the_quarantine_is_plain_text() -> None:
    send_id = ids.new_send()
    row = quarantine_row(ids.delivery_of(send_id, 1), send_id, ids.new(), caught(in_a_key))
    assert {type(value) for value in row.values()} <= {str, Step}
    assert (row["delivery_id"], row["step"], row["error"]) == (str(ids.delivery_of(send_id, 1)), "prepare", "KeyError")

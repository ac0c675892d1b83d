"""Versions of resources."""

from typing import Any

import pytest
from flask import Flask

from api import etags

_SEEN = {"id": "key_1", "name": "Shop", "limits": {"rate": 5, "quota": None}}
_TAG = etags.of(_SEEN)


def app() -> Flask:
    return Flask("test", static_folder=None)


@pytest.mark.parametrize("other", [{"name": "Ship"}, {"limits": {"rate": 5}}, {"id": "\ud800"}, {"more": None}])
def test_whatever_is_told_makes_the_version(other: dict[str, Any]) -> None:
    assert etags.of({**_SEEN, **other}) != _TAG


def test_the_order_of_what_is_told_does_not() -> None:
    assert etags.of(dict(reversed(_SEEN.items()))) == _TAG


@pytest.mark.parametrize(
    ("method", "header", "status"),
    [
        ("GET", None, 200),
        ("GET", f'"{_TAG}"', 304),
        ("GET", f'W/"{_TAG}"', 304),
        ("GET", f'"other", "{_TAG}"', 304),
        ("GET", "*", 304),
        ("GET", '"other"', 200),
        ("PATCH", f'"{_TAG}"', 200),
    ],
)
def test_what_is_held_is_not_told_again(method: str, header: str | None, status: int) -> None:
    headers = {} if header is None else {"If-None-Match": header}
    with app().test_request_context(method=method, headers=headers):
        answer = etags.told(dict(_SEEN))
    assert (answer.status_code, answer.headers["ETag"], bool(answer.data)) == (status, f'"{_TAG}"', status == 200)


@pytest.mark.parametrize(
    ("header", "passes"),
    [
        (None, True),
        (f'"{_TAG}"', True),
        (f'"other", "{_TAG}"', True),
        ("*", True),
        ('"other"', False),
        (f'W/"{_TAG}"', False),
        ("", False),
    ],
)
def test_what_was_not_seen_is_not_changed(header: str | None, passes: bool) -> None:  # noqa: FBT001 - a parameter of the test.
    with app().test_request_context(method="PATCH", headers={} if header is None else {"If-Match": header}):
        if passes:
            etags.check(_SEEN)
        else:
            with pytest.raises(etags.PreconditionFailed) as caught:
                etags.check(_SEEN)
            assert (caught.value.status, caught.value.code, caught.value.param) == (412, "precondition_failed", "If-Match")

"""What callers write into ``Prefer``, and what they mean by it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import preferences
from api.preferences import Preferences


@pytest.mark.parametrize(
    ("header", "respond_async", "wait"),
    [
        (None, False, None),
        ("", False, None),
        ("respond-async", True, None),
        ("Respond-Async", True, None),
        ("respond-async=", True, None),
        ('respond-async=""', True, None),
        ("respond-async=no", False, None),
        ("respond-async; foo=bar", True, None),
        ("wait=10", False, 10),
        ("WAIT=10", False, 10),
        (" wait = 10 ", False, 10),
        ('wait="10"', False, 10),
        ('wait="1\\0"', False, 10),
        ("wait=10; foo", False, 10),
        ("wait=0", False, 0),
        ("wait=007", False, 7),
        ("wait=60", False, 60),
        ("wait=61", False, 60),
        pytest.param(f"wait={'9' * 5000}", False, 60, id="thousands of nines"),
        pytest.param(f"wait={'0' * 5000}5", False, 5, id="thousands of zeros"),
        ("wait", False, None),
        ("wait=", False, None),
        ("wait=-1", False, None),
        ("wait=1.5", False, None),
        ("wait=soon", False, None),
        ("wait=\u0661", False, None),
        ("wait=1 2", False, None),
        ("respond-async, wait=5", True, 5),
        ("wait=5,respond-async", True, 5),
        ("wait=5, wait=10", False, 5),
        ("wait=soon, wait=10", False, None),
        ("respond-async=no, respond-async", False, None),
        (", ,,wait=5,,", False, 5),
        ("return=minimal, wait=5, handling=lenient", False, 5),
        ('note="a, wait=1", wait=5', False, 5),
        ('note="a\\", wait=1", wait=5', False, 5),
        ('wait=5; note="respond-async, wait=1"', False, 5),
        ('note="never closed, wait=5', False, None),
        ("@@@, wait=5", False, 5),
        ("wait 5, respond-async", True, None),
        ("wait:5, =, ;, respond-async", True, None),
    ],
)
def test_parse(header: str | None, respond_async: bool, wait: float | None) -> None:  # noqa: FBT001 - a table's column
    assert preferences.parse(header) == Preferences(respond_async=respond_async, wait=wait)


@pytest.mark.parametrize(
    ("header", "applied"),
    [
        (None, None),
        ("return=minimal", None),
        ("respond-async", "respond-async"),
        ("wait=5", "wait=5"),
        ("wait=900", "wait=60"),
        ("wait=5, respond-async", "respond-async, wait=5"),
    ],
)
def test_applied(header: str | None, applied: str | None) -> None:
    assert preferences.parse(header).applied == applied


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, 10), ("respond-async", 0), ("respond-async, wait=5", 5), ("wait=5", 5), ("wait=0", 0)],
)
def test_seconds(header: str | None, seconds: float) -> None:
    assert preferences.parse(header).seconds(default=10) == seconds


@given(st.text(alphabet='wait=respond-async,;"\\ 0159') | st.text())
def test_nonsense_is_ignored(header: str) -> None:
    wait = preferences.parse(header).wait
    assert wait is None or 0 <= wait <= preferences.MAX_WAIT

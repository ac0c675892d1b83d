"""Cursors: opaque, and good for nothing but the search they came from."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import cursors
from shared import ids

_SEARCH = ("account", "failed", None)
_LAST = ids.new_send()
_CURSOR = cursors.encode(_LAST, _SEARCH)
_ALPHABET = string.ascii_letters + string.digits + "-_"


def test_a_cursor_leads_back_to_where_its_page_ended() -> None:
    assert cursors.decode(_CURSOR, _SEARCH) == _LAST


@pytest.mark.parametrize(
    "search", [("other", "failed", None), ("account", "sent", None), ("account", None, "failed"), ("account",)]
)
def test_a_cursor_of_another_search_is_refused(search: tuple[str | None, ...]) -> None:
    assert cursors.decode(_CURSOR, search) is None


@pytest.mark.parametrize("position", range(len(_CURSOR)))
def test_a_cursor_with_any_character_changed_is_refused(position: int) -> None:
    for character in _ALPHABET.replace(_CURSOR[position], ""):
        assert cursors.decode(_CURSOR[:position] + character + _CURSOR[position + 1 :], _SEARCH) is None


@given(st.one_of(st.text(), st.text(alphabet=_ALPHABET, min_size=40, max_size=40)))
def test_any_other_text_is_refused(text: str) -> None:
    assert cursors.decode(text, _SEARCH) is None


@pytest.mark.parametrize(
    "text",
    [_CURSOR + "\n", _CURSOR + "=", _CURSOR[:-1], " " + _CURSOR, _CURSOR * 2],
    ids=["newline", "padding", "cut off", "space", "twice"],
)
def test_a_cursor_with_something_added_or_lost_is_refused(text: str) -> None:
    assert cursors.decode(text, _SEARCH) is None

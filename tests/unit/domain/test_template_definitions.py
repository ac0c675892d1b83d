"""What is ours of a definition goes neither to Meta nor away."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.content import WabaTemplate
from shared.domain.template_definitions import merged, to_submit

_HEADER = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW"]}}
_BODY = {"type": "BODY", "text": "Hi {{1}}, order {{2}}"}
_BUTTONS = {
    "type": "BUTTONS",
    "buttons": [
        {"type": "QUICK_REPLY", "text": "Stop"},
        {"type": "COPY_CODE", "example": "A1"},
        {"type": "URL", "text": "Open", "url": "https://shop.example/{{1}}"},
    ],
}
_OWN_BUTTONS = {
    "type": "BUTTONS",
    "buttons": [
        {"type": "QUICK_REPLY", "text": "Stop", "payload": "stop-{{order}}"},
        {"type": "COPY_CODE", "example": "A1", "coupon_code": "{{code}}"},
        {"type": "URL", "text": "Open", "url": "https://shop.example/{{1}}"},
    ],
}
_OWN_HEADER = {**_HEADER, "link": "https://cdn.example/{{picture}}.jpg"}


def _template(*components: Any, **fields: Any) -> WabaTemplate:
    return WabaTemplate.model_validate({"name": "order", "language": "id", "components": components, **fields})


_META = _template(_HEADER, _BODY, _BUTTONS, parameter_format="positional")
_KEPT = _template(_OWN_HEADER, _BODY, _OWN_BUTTONS, parameter_format="positional", variables=("name", "order_id"))


def test_meta_gets_its_own_words_only() -> None:
    assert to_submit(_KEPT, "UTILITY") == {
        "name": "order",
        "language": "id",
        "category": "UTILITY",
        "parameter_format": "POSITIONAL",
        "components": [_HEADER, _BODY, _BUTTONS],
    }


def test_what_is_ours_outlasts_what_meta_says() -> None:
    assert merged(_META, _KEPT) == _KEPT


def test_a_template_that_is_new_here_is_meta_s() -> None:
    assert merged(_META, None) is _META


@pytest.mark.parametrize(
    ("components", "expected"),
    [
        ([_BODY], [_BODY]),
        ([{"type": "HEADER", "format": "TEXT", "text": "Hi"}], [{"type": "HEADER", "format": "TEXT", "text": "Hi"}]),
        ([{"type": "BUTTONS"}], [{"type": "BUTTONS", "buttons": []}]),
        (
            [{"type": "BUTTONS", "buttons": [{"type": "COPY_CODE"}, {"type": "QUICK_REPLY", "text": "New"}]}],
            [{"type": "BUTTONS", "buttons": [{"type": "COPY_CODE"}, {"type": "QUICK_REPLY", "text": "New"}]}],
        ),
    ],
    ids=["gone", "no file any more", "no buttons", "other buttons"],
)
def test_a_part_that_is_another_now_gets_nothing(components: list[Any], expected: list[Any]) -> None:
    assert list(merged(_template(*components), _KEPT).components) == expected


_PARTS = st.lists(st.sampled_from([_HEADER, _BODY, _BUTTONS, _OWN_HEADER, _OWN_BUTTONS, {"type": "FOOTER", "text": "bye"}]))


@given(listed=st.lists(st.sampled_from([_HEADER, _BODY, _BUTTONS])), kept=_PARTS)
def test_meta_s_own_words_are_never_changed(listed: list[Any], kept: list[Any]) -> None:
    once = merged(_template(*listed), _template(*kept))
    assert to_submit(once, "UTILITY")["components"] == listed
    assert merged(_template(*listed), once) == once

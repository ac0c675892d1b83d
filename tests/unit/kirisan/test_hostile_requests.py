"""Whatever comes in, the answer is a plan or a clean 400."""

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from api.dialects.kirisan import schema
from api.dialects.kirisan.errors import Rejection
from api.dialects.kirisan.models import Body
from shared.domain.send import SendPlan
from tests.unit.kirisan.samples import KEY_IDS, NOW

RICH = {
    "fileUrl": "https://cdn.example.com/a.jpg",
    "fileId": "f",
    "location": {"lat": 1.5, "lng": 2, "name": "n"},
    "buttons": [[{"text": "a", "id": "1"}], {"text": "b", "url": "https://example.com"}],
    "listMessage": {"button": "b", "title": "t", "sections": [{"title": "s", "rows": [{"id": "1", "title": "r"}]}]},
}
COMPLETE = {
    "keys": {
        "whatsapp": {"token": "w", "fallback": False, "fallback_sequence": 0},
        "waba": {"token": "b", "fallback": True},
        "telegram": {"token": "t", "fallback": True, "fallback_sequence": 2},
        "email": {"token": "e", "fallback": True, "fallback_sequence": 3},
    },
    "content": {
        "whatsapp": {"message": {"type": "interactive", "message": "m", "richContext": RICH}},
        "waba": {"message": {"type": "image", "message": "m", "richContext": RICH}},
        "telegram": {"message": {"type": "location", "richContext": RICH}},
        "email": {"template": 17},
    },
    "target": {"whatsapp": "1", "waba": "2", "telegram": "3", "email": "a@example.com", "variables": {"name": "Alex", "n": 10}},
    "context": {"timing": {"schedule": 1735689600, "expires_at": 1735689700}, "behaviour": {"channel": "all"}},
}
NAMES = st.sampled_from(["type", "text", "message", "token", "whatsapp", "buttons", "fileUrl", "lat", "[key]", ""]) | st.text(
    max_size=5
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**300, -(10**300), 1 << 63, 0])
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(["\0", "text", "audio", "all", "http://[", "{{name}}", "{{missing}}", "https://x"])
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8)
LEAKS = ("validation error", "Input should", "errors.pydantic.dev", "is not valid")


def assert_planned_or_refused(body: bytes) -> None:
    try:
        parsed = schema.parse(body, NOW)
    except Rejection as rejection:
        assert_clean(rejection)
    else:
        assert_sound(schema.plan(parsed, KEY_IDS))


def assert_clean(rejection: Rejection) -> None:
    assert rejection.status == 400
    assert rejection.reason.strip()
    assert not any(leak in rejection.reason for leak in LEAKS), rejection.reason
    assert rejection.reason.encode().decode() == rejection.reason


def assert_sound(plan: SendPlan) -> None:
    tiers = {item.tier for item in plan.deliveries}
    assert tiers == set(range(len(tiers)))
    assert all((item.content is None) != (item.template_id is None) for item in plan.deliveries)
    stored = [plan.variables, *([item.content, item.target] for item in plan.deliveries)]
    assert "\\u0000" not in json.dumps(stored, allow_nan=False)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for name, item in items for found in paths(item, (*path, name)))]


def replaced(path: tuple[str | int, ...], value: Any) -> Any:
    """Give the complete body with something else at a path."""
    body = copy.deepcopy(COMPLETE)
    if not path:
        return value
    place: Any = body
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return body


def test_the_complete_body_is_accepted() -> None:
    assert len(schema.parse(json.dumps(COMPLETE).encode(), NOW).active) == 4


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(paths(COMPLETE)), VALUES)
def test_a_body_with_anything_anywhere(path: tuple[str | int, ...], value: Any) -> None:
    assert_planned_or_refused(json.dumps(replaced(path, value)).encode())


@settings(deadline=None)
@given(st.sampled_from([path for path in paths(COMPLETE) if path]), NAMES, VALUES)
def test_a_body_with_another_field_anywhere(path: tuple[str | int, ...], name: str, value: Any) -> None:
    assert_planned_or_refused(json.dumps(replaced(path, {name: value})).encode())


@settings(deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_random_bytes(body: bytes) -> None:
    assert_planned_or_refused(body)


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=len(json.dumps(COMPLETE)) - 1), st.binary(max_size=4))
def test_a_body_with_random_bytes_inside(position: int, noise: bytes) -> None:
    body = json.dumps(COMPLETE).encode()
    assert_planned_or_refused(body[:position] + noise + body[position + len(noise) :])


def test_the_models_describe_the_body() -> None:
    described = Body.model_json_schema()
    assert described["required"] == ["keys", "content", "target"]
    assert set(described["properties"]) == {"keys", "content", "target", "context"}
    assert described["$defs"]["Target"]["properties"]["email"]["description"] == "An email address."
    assert "listMessage" in described["$defs"]["RichContext"]["properties"]

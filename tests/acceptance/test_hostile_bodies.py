"""No body, however strange, gives a 5xx: what is generated is posted to the running stack."""

import copy
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.acceptance.backend import Backend

_STRANGE = st.sampled_from(
    [
        "\0",
        "a\0b",
        "\ud800",
        "\udfff x",
        "👩‍👩‍👧‍👦",
        "x" * 5000,
        "{{name}}",
        "{{",
        "\u202e",
        "",
        " ",
        "'; DROP TABLE sends; --",
        "%s %n {0}",
    ]
)
_HUGE = st.sampled_from([2**31, 2**63, -(2**63) - 1, 2**64, 10**40, 1e308, -0.0, 5e-324])
_LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text() | _STRANGE | _HUGE
)
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | _STRANGE, inner, max_size=3)
)
_UNCHECKED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List the place of every value in a document."""
    below = list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    return [path, *(place for key, item in below for place in _paths(item, (*path, key)))]


def _replace(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.copy(document)
    changed[path[0]] = _replace(document[path[0]], path[1:], value)
    return changed


def _post(backend: Backend, raw: bytes) -> None:
    headers = {"Authorization": f"Bearer {backend.token}", "Content-Type": "application/json", "Prefer": "respond-async"}
    answer = backend.http.post("/v1/send", content=raw, headers=headers)
    assert answer.status_code < 500, (answer.status_code, answer.text)
    assert isinstance(answer.json()["status"], bool)


def _full_body(backend: Backend) -> dict[str, Any]:
    rich = {
        "footer": "f",
        "buttons": [[{"text": "Yes", "id": "y"}, {"text": "No", "url": "https://a.example"}]],
        "listMessage": {"button": "Pick", "sections": [{"title": "A", "rows": [{"id": "1", "title": "One"}]}]},
        "location": {"lat": 1.5, "lng": 2, "name": "n", "address": "a"},
        "fileUrl": "https://a.example/x.jpg",
    }
    body = backend.send({"whatsapp": 0, "waba": 0, "telegram": 1, "email": 2})
    for channel in ("whatsapp", "waba", "telegram"):
        body["content"][channel] = {"message": {"type": "interactive", "message": "Hi {{name}}", "richContext": rich}}
    body["context"] = {"timing": {"schedule": None, "expires_at": None}, "behaviour": {"channel": "all"}}
    return body


@_UNCHECKED
@given(data=st.data())
def test_a_valid_body_with_anything_anywhere(backend: Backend, data: st.DataObject) -> None:
    body = _full_body(backend)
    for _ in range(data.draw(st.integers(1, 3))):
        body = _replace(body, data.draw(st.sampled_from(_paths(body))), data.draw(_VALUES))
        if not isinstance(body, dict):
            break
    _post(backend, json.dumps(body).encode())


@_UNCHECKED
@given(raw=st.binary(max_size=400) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes(backend: Backend, raw: bytes) -> None:
    _post(backend, raw)


def test_deep_nesting_at_every_level(backend: Backend) -> None:
    body = _full_body(backend)
    for path in _paths(body):
        raw = json.dumps(_replace(body, path, "DEEP")).replace('"DEEP"', "[" * 5000 + "]" * 5000)
        _post(backend, raw.encode())


def test_integers_of_any_length(backend: Backend) -> None:
    for digits in (20, 400, 5000):
        body = json.dumps(_replace(_full_body(backend), ("target", "variables", "name"), 0)).replace(
            '"name": 0', '"name": ' + "9" * digits
        )
        _post(backend, body.encode())

"""JSON as providers write it, and as they are sent it: what is read and written faster means what it always meant."""

import codecs
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.channels import documents, transport

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.mark.parametrize(
    "body",
    [
        b'{"id": "\\ud800"}',
        b'{"id": "\xed\xa0\x80"}',
        b'{"id": "\\ud83d\\ude00"}',
        b'{"id": 1, "id": 2}',
        b'{"id": 1e400, "other": -Infinity}',
        b'{"id": 123456789012345678901234567890}',
        codecs.BOM_UTF8 + b'{"id": 1}',
        '{"id": "ä"}'.encode("utf-16"),
        b'{"nests": ' + b"[" * 300 + b"]" * 300 + b"}",
    ],
)
def test_what_the_standard_library_reads_is_read(body: bytes) -> None:
    assert documents.document(body) == json.loads(body)


@pytest.mark.parametrize("body", [b"", b"{", b'{"a": 1,}', b"{'a': 1}", b"\xff", b'{"a": "\x01"}', b"[" * 100_000, b"9" * 5000])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        documents.document(body)


def test_what_is_no_number_is_read_as_one() -> None:
    assert str(documents.read(b'{"id": NaN}')) == "{'id': nan}"


@given(json_values)
@settings(max_examples=100, deadline=None)
def test_what_is_written_is_read_again(value: Any) -> None:
    try:
        written = transport.write(value)
    except UnicodeEncodeError:
        assert "\\ud" in json.dumps(value)
    else:
        assert documents.read(written) == value
        assert json.loads(written) == value


@pytest.mark.parametrize("text", ["NaN", "to Infinity", '"\\/\b\f\n\r\t\x1f\x7f', "Grüße 😀\u2028"])
def test_texts_are_written_as_the_standard_library_writes_them(text: str) -> None:
    assert transport.write({"text": text}) == json.dumps({"text": text}, ensure_ascii=False, separators=(",", ":")).encode()


def test_half_of_a_surrogate_pair_is_no_utf_8() -> None:
    with pytest.raises(UnicodeEncodeError):
        transport.write({"text": "\ud800"})


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_what_json_has_no_number_for_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        transport.write({"lat": number})

"""W3C trace context, by the rules of https://www.w3.org/TR/trace-context/."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import traces

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
VALID = f"00-{TRACE}-{PARENT}-01"


@pytest.mark.parametrize("header", [VALID, f"00-{TRACE}-{PARENT}-00", f"00-{TRACE}-{PARENT}-ff"])
def test_a_valid_header_is_passed_on_as_it_is(header: str) -> None:
    assert traces.read(header) == header
    assert traces.trace_id(header) == TRACE


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "00",
        TRACE,
        VALID.upper(),
        f" {VALID}",
        f"{VALID} ",
        f"{VALID}\n",
        f"{VALID}-more",
        f"{VALID},{VALID}",
        f"ff-{TRACE}-{PARENT}-01",
        f"0-{TRACE}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[1:]}-{PARENT}-01",
        f"00-{TRACE}-{PARENT[1:]}-01",
        f"00-{TRACE}-{PARENT}-1",
        f"00-{TRACE}-{PARENT}-0g",
        f"00-{TRACE}-{PARENT}",
        f"00_{TRACE}_{PARENT}_01",
        f"cc-{TRACE}-{PARENT}-01.more",
        VALID.replace("0", "\u0660"),
    ],
)
def test_a_malformed_header_is_none(header: str | None) -> None:
    assert traces.read(header) is None


@pytest.mark.parametrize(
    ("header", "flags"),
    [
        (f"cc-{TRACE}-{PARENT}-01", "01"),
        (f"cc-{TRACE}-{PARENT}-01-what-is-to-come", "01"),
        (f"01-{TRACE}-{PARENT}-02", "00"),
        (f"01-{TRACE}-{PARENT}-03-", "01"),
    ],
)
def test_a_later_version_is_written_as_this_one(header: str, flags: str) -> None:
    assert traces.read(header) == f"00-{TRACE}-{PARENT}-{flags}"


@given(st.text(alphabet="0123456789abcdef-fg ", max_size=70))
def test_what_is_read_can_be_read_again(header: str) -> None:
    found = traces.read(header)
    assert found is None or traces.read(found) == found


@given(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.booleans())
def test_what_is_written_can_be_read(trace: int, parent: int, sampled: bool) -> None:  # noqa: FBT001 - hypothesis names it.
    written = traces.write(f"{trace:032x}", f"{parent:016x}", sampled=sampled)
    assert traces.read(written) == written

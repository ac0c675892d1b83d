"""Phone numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.channels import phones


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("6281234567890", "6281234567890"),
        ("+62 812-3456-7890", "6281234567890"),
        ("  (+62) 812.3456.7890 ", "6281234567890"),
        ("٦٢٨١٢٣٤٥٦٧٨٩٠", "6281234567890"),
        ("+1 650 555 1234", "16505551234"),
        ("+44 (0)7911 123456", "447911123456"),
        ("+39 06 1234567", "39061234567"),
        ("5491122334455", "5491122334455"),
        ("5215512345678", "5215512345678"),
        ("5512345678901", "5512345678901"),
    ],
)
def test_number_becomes_its_digits(written: str, digits: str) -> None:
    assert phones.normalise(written) == digits


@pytest.mark.parametrize(
    "written",
    ["", "+", "abc", "12345", "081234567890", "0062812345678", "62812", "+999123456789", "62812345678901234567890", "1" * 400],
)
def test_number_nobody_has_is_none(written: str) -> None:
    assert phones.normalise(written) is None


@given(st.text(max_size=40))
def test_whatever_is_written_is_digits_or_none_and_stays_so(written: str) -> None:
    digits = phones.normalise(written)
    if digits is not None:
        assert digits.isascii()
        assert digits.isdigit()
        assert phones.normalise(digits) == digits

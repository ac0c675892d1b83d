"""Cells that a spreadsheet must not evaluate."""

import pytest

from shared.domain.spreadsheet_cells import safe


@pytest.mark.parametrize("text", ["", "Ann", "+6281234567890", "-1001234567890", "6281234567890", "a=b", "1-2", " =1"])
def test_harmless_texts_stay_as_they_are(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize(
    "text", ["=1+1", "@SUM(A1)", "+62 812-1111", "-1+2", "+cmd|' /C calc'!A0", "\t=1", "\r=1", "+", "-", "+1\n=2"]
)
def test_what_would_be_evaluated_is_shown_as_text(text: str) -> None:
    assert safe(text) == f"'{text}"

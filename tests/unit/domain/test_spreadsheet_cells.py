"""Cells that a spreadsheet must not evaluate."""

import pytest

from shared.domain.spreadsheet_cells import safe


@pytest.mark.parametrize(
    "text", ["", "Ann", "+6281234567890", "-1001234567890", "6281234567890", "a=b", "1-2", " =1", "a; b", "a;b\nc", "a\r\nb"]
)
def test_harmless_texts_stay_as_they_are(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize(
    "text",
    ["=1+1", "@SUM(A1)", "+62 812-1111", "-1+2", "+cmd|' /C calc'!A0", "\t1", "\r1", "+", "-", "\uff1d1+1", "\uff20SUM(A1)"],
)
def test_what_would_be_evaluated_is_shown_as_text(text: str) -> None:
    assert safe(text) == f"'{text}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ann;=1+1;b", "Ann;'=1+1;b"),
        ("Ann\t@SUM(A1)", "Ann\t'@SUM(A1)"),
        ("+1\n=2", "'+1\n'=2"),
        ("a;+6281234567890", "a;'+6281234567890"),
        ("\n=1", "'\n'=1"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
    ],
)
def test_what_another_delimiter_would_make_a_cell_is_shown_as_text_too(text: str, shown: str) -> None:
    assert safe(text) == shown

"""Workbooks: what people type into cells, and archives that are traps."""

import io
import os
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

import openpyxl
import pytest

from shared.management.campaigns.readers import Row, Unreadable, spreadsheet, workbook_parts

_HEADER = ("phone", "name")


def _workbook(*rows: Sequence[Any]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(list(row))
    book.create_sheet("second").append(["not", "read"])
    return _saved(book)


def _saved(book: openpyxl.Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _read(content: bytes) -> list[Row]:
    return list(spreadsheet.rows((content[start : start + 999] for start in range(0, len(content), 999)), _HEADER))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (6281234567890, "6281234567890"),
        (6.28123456789e12, "6281234567890"),
        (1e21, "1000000000000000000000"),
        (0.1, "0.1"),
        (1e-7, "0.0000001"),
        (-5.0, "-5"),
        (True, "true"),
        ("  kept ", "  kept "),
        (datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05"),  # noqa: DTZ001 - cells have no time zones.
        (datetime(2026, 1, 2), "2026-01-02"),  # noqa: DTZ001 - likewise.
        (date(2026, 1, 2), "2026-01-02"),
        (time(3, 4), "03:04:00"),
        (None, ""),
    ],
)
def test_a_value_is_the_text_that_people_see(value: Any, text: str) -> None:
    assert _read(_workbook(_HEADER, ("1", value))) == [Row({"phone": "1", "name": text})]


def test_gaps_and_what_has_no_header_are_left_out() -> None:
    content = _workbook((), (" phone ", "name", None), (), ("1", None, "beside"), (None, None, "x"), ("2", "B"))
    assert _read(content) == [Row({"phone": "1", "name": ""}), Row({"phone": "2", "name": "B"})]


def test_a_cell_with_an_error_is_a_problem() -> None:
    (row,) = _read(_workbook(_HEADER, ("1", "#N/A")))
    assert row.problem == "the column 'name' has the error #N/A"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b"phone,name\n", "the file cannot be read as an XLSX workbook: BadZipFile"),
        (_workbook(), "the file is empty"),
        (_workbook(("phone", "phone", "name")), "the column 'phone' is there twice"),
        (_workbook(("phone",)), "the file has no column 'name'"),
        (_workbook([f"c{number}" for number in range(501)]), "the file has more than 500 columns"),
        (_workbook(_HEADER)[:-900], "the file cannot be read as an XLSX workbook: BadZipFile"),
    ],
)
def test_a_workbook_that_cannot_be_read_says_why(content: bytes, problem: str) -> None:
    with pytest.raises(Unreadable) as raised:
        _read(content)
    assert str(raised.value) == problem


def _with(name: str, part: bytes) -> bytes:
    """Give a workbook with one of its parts replaced, or another added."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(_workbook(_HEADER, ("1", "A")))) as before,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for each in before.namelist():
            if each != name:
                after.writestr(each, before.read(each))
        after.writestr(name, part)
    return file.getvalue()


def _sheet(rows: str) -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{space}"><dimension ref="A1:XFD1048576"/><sheetData>{rows}</sheetData></worksheet>'.encode()


def _entities(value: bytes, document: bytes) -> bytes:
    return b'<!DOCTYPE x [<!ENTITY a "' + value + b'">]>' + document


def _noise(size: int) -> bytes:
    """Give a text that is packed no more tightly than a table."""
    return os.urandom(size // 2).hex().encode()


_HEAD = '<row r="1"><c r="A1" t="inlineStr"><is><t>phone</t></is></c><c r="B1" t="inlineStr"><is><t>name</t></is></c></row>'
_FIRST = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (_with("xl/media/x.bin", b"\0" * 2_000_000), "xl/media/x.bin of the workbook is packed more tightly than a table can be"),
        (
            _with("xl/sharedStrings.xml", b"\0" * (65 * 1024 * 1024)),
            "xl/sharedStrings.xml of the workbook is larger than 64 MB: save it as CSV",
        ),
        (_with(_FIRST, b"<worksheet"), "the file cannot be read as an XLSX workbook: ParseError"),
        (
            _with(_FIRST, _sheet(_HEAD + f'<row r="2">{"<c/>" * 250_001}</row>')),
            "xl/worksheets/sheet1.xml of the workbook has more than 250000 elements at once: save it as CSV",
        ),
        (
            _with("xl/styles.xml", _entities(b"x", b"<styleSheet/>")),
            "xl/styles.xml of the workbook has a document type, which no spreadsheet writes",
        ),
        (
            _with("xl/styles.xml", b"<styleSheet>" + b"<xf/>" * 250_001 + _noise(60_000)),
            "xl/styles.xml of the workbook has more than 250000 elements at once: save it as CSV",
        ),
        (
            _with(_FIRST, _sheet(_HEAD + f'<row r="2"><c t="inlineStr"><is><t>{_noise(1_500_000).decode()}</t></is></c></row>')),
            "xl/worksheets/sheet1.xml of the workbook has a text longer than 1048576 bytes",
        ),
        (
            _with(_FIRST, _entities(b"1", _sheet(_HEAD + '<row r="2"><c t="inlineStr"><is><t>&a;</t></is></c></row>'))),
            "xl/worksheets/sheet1.xml of the workbook has a document type, which no spreadsheet writes",
        ),
        (
            _with("xl/styles.xml", b"<?xml version='1.0' encoding='EUC-JP'?><styleSheet/>"),
            "xl/styles.xml of the workbook is not encoded as UTF-8",
        ),
    ],
)
def test_a_trap_is_not_walked_into(content: bytes, problem: str) -> None:
    with pytest.raises(Unreadable) as raised:
        _read(content)
    assert str(raised.value) == problem


def test_all_parts_together_have_their_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet, "_LARGEST_SHEET", 1024 * 1024)
    with pytest.raises(Unreadable, match="the workbook unpacks to more than 1 MB: save it as CSV"):
        _read(_with("xl/media/x.bin", os.urandom(1024 * 1024)))


def test_a_sheet_has_as_many_cells_as_it_likes_in_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_parts, "_MOST_ELEMENTS", 1000)
    rows = "".join(f'<row r="{number}"><c r="A{number}"><v>1</v></c></row>' for number in range(2, 702))
    assert len(_read(_with(_FIRST, _sheet(_HEAD + rows)))) == 700


def test_a_sheet_of_gaps_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet, "_MOST_ROWS", 1000)
    with pytest.raises(Unreadable, match="the sheet has more than 1000 rows"):
        _read(_with(_FIRST, _sheet(_HEAD + '<row r="999999999999"></row>')))


def test_a_row_is_no_wider_than_its_header() -> None:
    far = '<row r="2"><c r="A2"><v>1</v></c><c r="ZZZ2"><v>1</v></c></row>'
    assert _read(_with(_FIRST, _sheet(_HEAD + far))) == [Row({"phone": "1", "name": ""})]

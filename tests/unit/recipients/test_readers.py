"""Files as people save them, and as nobody should."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.management.campaigns import readers
from shared.management.campaigns.readers import Format, Row, Unreadable, lines

_TABLE = [Row({"phone": "1", "name": "Ann"}), Row({"phone": "2", "name": "Bob"})]
_NEEDED = ("phone", "name")


def _read(source: Format, content: str | bytes, size: int = 7) -> list[Row]:
    """Read a file that comes in pieces of so many bytes."""
    encoded = content.encode() if isinstance(content, str) else content
    return list(readers.rows(source, _pieces(encoded, size), _NEEDED))


def _pieces(content: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def test_cells_beyond_all_columns_are_not_named() -> None:
    (row,) = _read(Format.CSV, f"phone,name\n1,Ann{',' * 10_000}\n", 999)
    assert (len(row.cells), row.problem) == (500, "10002 cells where the header has 2")


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize(
    "content",
    [
        "phone,name\n1,Ann\n2,Bob\n",
        "phone;name\n1;Ann\n2;Bob",
        "phone\tname\r\n1\tAnn\r\n2\tBob\r\n",
        "phone|name\r1|Ann\r2|Bob\r",
        "\n\n phone , name \n\n1,Ann\n,\n2,Bob\n\n",
        '"phone","name"\n"1","Ann"\n2,"Bob"\n',
        b"\xef\xbb\xbfphone,name\n1,Ann\n2,Bob\n",
        "phone,name\n1,Ann\n2,Bob\n".encode("utf-16"),
        b"\xfe\xff" + "phone;name\r\n1;Ann\r\n2;Bob".encode("utf-16-be"),
    ],
)
def test_a_table_is_the_same_however_it_was_saved(content: str | bytes, size: int) -> None:
    assert _read(Format.CSV, content, size) == _TABLE


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ('phone,name\n1,"Ann\r\nMarie, ""Am"""\n', [Row({"phone": "1", "name": 'Ann\nMarie, "Am"'})]),
        ("phone,name\n1\n", [Row({"phone": "1"}, "1 cells where the header has 2")]),
        (
            "phone,name\n1,A,,x\n",
            [Row({"phone": "1", "name": "A", "column 3": "", "column 4": "x"}, "4 cells where the header has 2")],
        ),
        ('phone,name\n1,"A"nn\n2,Bob\n', [Row({}, "line 2: ',' expected after '\"'"), Row({"phone": "2", "name": "Bob"})]),
        ('\n\nphone,name\n\n1,"A"nn\n', [Row({}, "line 5: ',' expected after '\"'")]),
        ("phone,,name\n1,x,A\n", [Row({"phone": "1", "column 2": "x", "name": "A"})]),
        ("phone,name\n1,\u2028A\x0bB\x85\n", [Row({"phone": "1", "name": "\u2028A\x0bB\x85"})]),
    ],
)
def test_rows_of_csv(content: str, rows: list[Row]) -> None:
    assert _read(Format.CSV, content) == rows


def test_the_delimiter_is_the_one_that_gives_the_columns_looked_for() -> None:
    (row,) = _read(Format.CSV, "phone;last, first, middle;name\n1;a, b, c;Ann\n")
    assert row.cells == {"phone": "1", "last, first, middle": "a, b, c", "name": "Ann"}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        ("phone,nome\n1,Ann\n", "the file has no column 'name'"),
        ("phone,name,phone\n", "the column 'phone' is there twice"),
        (",".join(map(str, range(501))), "the file has more than 500 columns"),
        ('phone,"name"x\n', "the header: line 1: ',' expected after '\"'"),
        (b"phone,name\r\n1,Ann\r\n2,Jos\xe9\r\n3,Cid\r\n", "line 3 is not UTF-8: save the file as UTF-8"),
        (b"phone,name\n1,Ann\n2,Jos\xc3", "line 3 is not UTF-8: save the file as UTF-8"),
        (b"\xff\xfep\x00,", "line 1 is not UTF-16: save the file as UTF-8"),
        ('phone,name\n1,Ann\n2,"Bob\n3,Cid\n', "line 4: unexpected end of data: a quote may have been opened and not closed"),
        (
            'phone,name\n1,"' + "x\n" * 70_000,
            "line 65538: field larger than field limit (131072): a quote may have been opened and not closed",
        ),
        ("phone,name\n1," + "x" * (lines.LONGEST + 1), "line 2 is longer than 1048576 characters"),
    ],
)
def test_a_csv_file_that_cannot_be_read_says_where_and_why(content: str | bytes, problem: str) -> None:
    with pytest.raises(Unreadable) as raised:
        _read(Format.CSV, content, 50_000)
    assert str(raised.value) == problem


_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=20)
_CELLS = st.lists(st.tuples(_TEXTS, _TEXTS).filter(any), max_size=20)


@given(cells=_CELLS, delimiter=st.sampled_from(",;\t|"), size=st.integers(1, 40))
def test_what_is_written_as_csv_is_read_back(cells: list[tuple[str, str]], delimiter: str, size: int) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter).writerows([_NEEDED, *cells])
    assert [(*row.cells.values(), row.problem) for row in _read(Format.CSV, written.getvalue(), size)] == [
        (*each, None) for each in cells
    ]


@given(content=st.binary(max_size=200), source=st.sampled_from(Format))
def test_no_bytes_are_anything_but_rows_or_unreadable(content: bytes, source: Format) -> None:
    try:
        found = list(readers.rows(source, [content], ()))
    except Unreadable:
        return
    assert all(isinstance(text, str) for row in found for text in row.cells.values())


@given(values=st.lists(st.tuples(_TEXTS, st.integers() | st.booleans() | st.none() | _TEXTS), max_size=20).filter(bool))
def test_what_is_written_as_json_lines_is_read_back(values: list[tuple[str, Any]]) -> None:
    content = "".join(json.dumps(dict(zip(_NEEDED, each, strict=True)), ensure_ascii=False) + "\n" for each in values)
    words = {None: "", True: "true", False: "false"}
    texts = [
        {"phone": phone, "name": words[name] if name is None or isinstance(name, bool) else str(name)} for phone, name in values
    ]
    assert [row.cells for row in _read(Format.JSON_LINES, content, 11)] == texts


@pytest.mark.parametrize(
    ("line", "row"),
    [
        ('{"phone": 6281234567890, "name": 1.50}', Row({"phone": "6281234567890", "name": "1.50"})),
        ('{"phone": 1e5, "name": ' + "9" * 5000 + "}", Row({"phone": "1e5", "name": "9" * 5000})),
        ('{"phone": "1"}', Row({"phone": "1"})),
        ('{"phone": ["1"], "name": "A"}', Row({"phone": '["1"]', "name": "A"}, "'phone' is no text or number")),
        ('["1", "A"]', Row({}, "the line is not a JSON object")),
        ("null", Row({}, "the line is not a JSON object")),
        ('{"phone": NaN}', Row({}, "the line is not JSON: NaN is no number")),
        ('{"phone": "1"', Row({}, "the line is not JSON: Expecting ',' delimiter: line 2 column 1 (char 14)")),
        ("[" * 100_000, None),
        (json.dumps(dict.fromkeys(map(str, range(501)))), Row({}, "the object has more than 500 fields")),
    ],
)
def test_rows_of_json_lines(line: str, row: Row | None) -> None:
    found, _ = _read(Format.JSON_LINES, f'{line}\n\n{{"phone": "2", "name": "B"}}', 60_000)
    assert found == row if row else found.problem


@pytest.mark.parametrize(
    ("content", "problem"),
    [("", "the file is empty"), ("\n", "the file is empty"), ('{"phone": 1}\n{"nome": 2}', "the file has no column 'name'")],
)
def test_json_lines_that_cannot_be_read_say_why(content: str, problem: str) -> None:
    with pytest.raises(Unreadable) as raised:
        _read(Format.JSON_LINES, content)
    assert str(raised.value) == problem


@pytest.mark.parametrize(
    ("name", "source"),
    [("a.CSV", "csv"), ("a.tsv", "csv"), ("a.b.ndjson", "jsonl"), ("x/y.xlsx", "xlsx"), ("a.xls", None), ("csv", None)],
)
def test_a_format_is_told_by_the_name(name: str, source: str | None) -> None:
    assert readers.guess(name) == source


@pytest.mark.parametrize("source", Format)
def test_every_format_has_a_reader(source: Format) -> None:
    with pytest.raises(Unreadable, match="the file is empty"):
        _read(source, b"")

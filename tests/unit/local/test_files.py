from pathlib import Path

import pytest

from deploy.local import files


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    files.write(path, {"a": 1})
    files.write(path, {"a": 2})
    assert files.read(path) == {"a": 2}
    assert list(tmp_path.iterdir()) == [path]


def test_a_draft_left_by_a_crash_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "x.json.new").write_text("{")
    files.write(tmp_path / "x.json", {"a": 1})
    assert files.read(tmp_path / "x.json") == {"a": 1}


@pytest.mark.parametrize("content", ["", "{", "[1]", "null"])
def test_a_broken_file_counts_as_empty(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    assert files.read(path) == {}


def test_a_missing_file_counts_as_empty(tmp_path: Path) -> None:
    assert files.read(tmp_path / "none.json") == {}

import os
from pathlib import Path

import pytest

from deploy.local import errors
from deploy.local.home import Home


def test_closed_to_everybody_else(tmp_path: Path) -> None:
    home = Home.prepare(tmp_path / "deep" / ".antar")
    parts = (home.directory, home.logs, home.pids, home.beat, home.flower)
    assert {part.stat().st_mode & 0o777 for part in parts} == {0o700}


def test_absolute_whatever_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    home = Home.prepare(Path(".antar"))
    assert home.log("api") == tmp_path / ".antar" / "log" / "api.log"
    assert home.pid("api") == tmp_path / ".antar" / "run" / "api.pid"


def test_what_is_there_stays(tmp_path: Path) -> None:
    Home.prepare(tmp_path).log("api").write_text("line\n")
    assert Home.prepare(tmp_path).log("api").read_text() == "line\n"


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(errors.StackError, match="cannot use"):
        Home.prepare(tmp_path / "home")


def test_somebody_elses_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    somebody = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: somebody)
    with pytest.raises(errors.StackError, match="belongs to user"):
        Home.prepare(tmp_path)

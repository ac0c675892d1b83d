from pathlib import Path

import pytest

from deploy.local import child, supervisor


@pytest.mark.parametrize(("deaths", "seconds"), [(1, 0.25), (2, 0.5), (3, 1), (4, 2), (8, 30), (5000, 30)])
def test_the_delay_before_a_restart_grows_up_to_a_limit(deaths: int, seconds: float) -> None:
    assert supervisor.restart_delay(deaths) == seconds


def test_a_large_log_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "LARGEST_LOG_BYTES", 10)
    log, old = tmp_path / "api.log", tmp_path / "api.log.1"
    log.write_text("0123456789")
    child.rotate(log)
    assert not old.exists()
    log.write_text("0123456789A")
    child.rotate(log)
    assert not log.exists()
    assert old.read_text() == "0123456789A"


def test_no_log_yet(tmp_path: Path) -> None:
    child.rotate(tmp_path / "none.log")
    assert list(tmp_path.iterdir()) == []

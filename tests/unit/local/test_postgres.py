import re
from pathlib import Path

import pytest

from deploy.local import errors, identity, postgres
from deploy.local.servers import Server

OLD = Server(binary=Path("/old/bin/postgres"), product="postgres", major=15)
NEW = Server(binary=Path("/new/bin/postgres"), product="postgres", major=18)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "postgres"


def made_by(data: Path, major: int) -> Path:
    data.mkdir()
    (data / "PG_VERSION").write_text(f"{major}\n")
    return data


@pytest.mark.parametrize("found", [[OLD, NEW], [NEW, OLD], [NEW]])
def test_new_data_get_the_first_server_found(data: Path, found: list[Server], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "candidates", lambda: found)
    assert postgres.find(data) == found[0]


@pytest.mark.parametrize("server", [OLD, NEW])
def test_data_stay_with_the_major_version_that_made_them(data: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "candidates", lambda: [OLD, NEW])
    assert postgres.find(made_by(data, server.major)) == server


def test_data_of_a_version_that_is_gone_are_not_touched(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "candidates", lambda: [NEW])
    with pytest.raises(
        errors.ServerNotFound, match=re.escape("made by PostgreSQL 15") + ".*" + re.escape("18 (/new/bin/postgres)")
    ):
        postgres.find(made_by(data, 15))


def test_no_server_at_all(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "candidates", list)
    with pytest.raises(errors.ServerNotFound, match="ANTAR_DATABASE_URL"):
        postgres.find(data)


def test_a_version_too_old_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("postgres", "initdb"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 14.9'\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert all(server.major >= postgres.OLDEST_MAJOR for server in postgres.candidates())


def test_the_command_holds_no_password_and_listens_on_the_loopback_only() -> None:
    process = postgres.process(NEW, Path("/data"), 20_001, "secret", identity.SELF)
    assert "secret" not in " ".join(process.command)
    assert "listen_addresses=127.0.0.1" in process.command
    assert "port=20001" in process.command


def test_nothing_weakens_what_a_commit_means() -> None:
    options = " ".join(postgres.process(NEW, Path("/data"), 20_001, "secret", identity.SELF).command)
    assert not re.search(r"\b(fsync|synchronous_commit|full_page_writes)=", options)


def test_figures_of_statements_only_where_the_library_is_installed(tmp_path: Path) -> None:
    server = Server(binary=tmp_path / "bin" / "postgres", product="postgres", major=18)
    preload = "shared_preload_libraries=pg_stat_statements"
    assert preload not in postgres.process(server, Path("/data"), 1, "", identity.SELF).command
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "pg_stat_statements.so").touch()
    assert preload in postgres.process(server, Path("/data"), 1, "", identity.SELF).command

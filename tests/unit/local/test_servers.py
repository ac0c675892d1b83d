from pathlib import Path

import pytest

from deploy.local import servers


def program(folder: Path, name: str, prints: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{prints}'\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", ("postgres", 15)),
        ("postgres (PostgreSQL) 18.6\n", ("postgres", 18)),
        ("postgres (PostgreSQL) 19beta1\n", ("postgres", 19)),
        ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64 build=1\n", ("redis", 7)),
        ("Valkey server v=9.1.2 sha=00000000:1 malloc=libc bits=64 build=1\n", ("valkey", 9)),
        ("something else\n", None),
        ("", None),
    ],
)
def test_version(text: str, expected: tuple[str, int] | None) -> None:
    assert servers.parse_version(text) == expected


def test_found_on_path_through_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed, linked = tmp_path / "installed", tmp_path / "bin"
    installed.mkdir()
    linked.mkdir()
    real = program(installed, "postgres", "postgres (PostgreSQL) 17.1")
    program(installed, "initdb", "")
    (linked / "postgres").symlink_to(real)
    monkeypatch.setenv("PATH", str(linked))
    found = servers.on_path("postgres", ["initdb"])
    assert found == servers.Server(binary=real, product="postgres", major=17)
    assert found.beside("initdb") == installed / "initdb"


def test_an_installation_that_lacks_a_part_is_passed_over(tmp_path: Path) -> None:
    assert servers.inspect(program(tmp_path, "postgres", "postgres (PostgreSQL) 17.1"), ["initdb"]) is None


def test_a_program_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "redis-server").write_bytes(b"\x7fELF, of another machine")
    (tmp_path / "redis-server").chmod(0o755)
    assert servers.inspect(tmp_path / "redis-server") is None


def test_a_program_that_fails_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "redis-server").write_text("#!/bin/sh\nexit 3\n")
    (tmp_path / "redis-server").chmod(0o755)
    assert servers.inspect(tmp_path / "redis-server") is None


def test_nothing_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert servers.on_path("redis-server") is None


def test_a_wheel_that_is_not_installed() -> None:
    assert servers.in_wheel("no_such_package", "bin/server") is None

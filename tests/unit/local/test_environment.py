import subprocess
from pathlib import Path

import pytest

from deploy.local import environment, files
from deploy.local.credentials import Credentials
from deploy.local.home import Home

PORTS = {"postgres": 20_001, "redis": 20_002, "api": 20_003, "metrics": 20_004}
HOME = Home(Path("/home/ann/antar"))
CREDENTIALS = Credentials(postgres_password="pw", flower_password="fpw", secret_keys="local:AAAA")


def test_the_stacks_own() -> None:
    assert environment.complete({}, PORTS, CREDENTIALS, HOME) == {
        "ANTAR_DATABASE_URL": "postgresql+psycopg://antar:pw@127.0.0.1:20001/antar",
        "ANTAR_BROKER_URL": "redis://127.0.0.1:20002/0",
        "ANTAR_SECRET_KEYS": "local:AAAA",
        "ANTAR_PUBLIC_URL": "http://127.0.0.1:20003",
        "ANTAR_METRICS_PORT": "20004",
        "ANTAR_METRICS_DIR": "/home/ann/antar/metrics",
        "ANTAR_JOURNAL_DIR": "/home/ann/antar/journal",
        "ANTAR_FILES_URL": "file:///home/ann/antar/files",
        "ANTAR_EGRESS_ALLOW": "127.0.0.0/8,::1/128",
    }


def test_what_is_given_stands() -> None:
    given = {"ANTAR_DATABASE_URL": "postgresql+psycopg://elsewhere/antar", "ANTAR_SEND_WAIT": "3"}
    completed = environment.complete(given, PORTS, CREDENTIALS, HOME)
    assert given.items() <= completed.items()
    assert completed["ANTAR_BROKER_URL"] == "redis://127.0.0.1:20002/0"


def test_a_rabbitmq_gets_a_redis_beside_it() -> None:
    given = {"ANTAR_BROKER_URL": "amqp://a:b@elsewhere/antar"}
    assert environment.lacks_redis(given)
    completed = environment.complete(given, PORTS, CREDENTIALS, HOME)
    assert completed["ANTAR_BROKER_URL"] == given["ANTAR_BROKER_URL"]
    assert completed["ANTAR_SIGNAL_URL"] == "redis://127.0.0.1:20002/0"


@pytest.mark.parametrize(
    "given",
    [
        {"ANTAR_BROKER_URL": "redis://elsewhere/0"},
        {"ANTAR_BROKER_URL": "amqp://elsewhere/antar", "ANTAR_SIGNAL_URL": "redis://elsewhere/0"},
    ],
)
def test_otherwise_what_is_given_is_enough(given: dict[str, str]) -> None:
    assert not environment.lacks_redis(given)
    completed = environment.complete(given, PORTS, CREDENTIALS, HOME)
    assert {name: completed.get(name) for name in ("ANTAR_BROKER_URL", "ANTAR_SIGNAL_URL")} == {"ANTAR_SIGNAL_URL": None, **given}


def test_given_by_the_process_or_above_it_by_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTAR_SEND_WAIT", "1")
    monkeypatch.setenv("ANTAR_READ_TIMEOUT", "2")
    monkeypatch.setenv("SOMEBODY_ELSES", "3")
    given = environment.given({"ANTAR_SEND_WAIT": "4"})
    assert given["ANTAR_SEND_WAIT"] == "4"
    assert given["ANTAR_READ_TIMEOUT"] == "2"
    assert "SOMEBODY_ELSES" not in given


def test_an_empty_variable_counts_as_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTAR_DATABASE_URL", "")
    assert "ANTAR_DATABASE_URL" not in environment.given({})


def test_a_shell_reads_what_is_written_for_it(tmp_path: Path) -> None:
    values = {"ANTAR_SECRET_KEYS": "local:a/b+c==", "ANTAR_FILES_URL": "file:///home/ann's files/$HOME"}
    files.write_text(tmp_path / "env", environment.exported(values))
    script = '. "$0"; printf "%s\\n" "$ANTAR_SECRET_KEYS" "$ANTAR_FILES_URL"'
    done = subprocess.run(["/bin/sh", "-c", script, tmp_path / "env"], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.splitlines() == list(values.values())
    assert (tmp_path / "env").stat().st_mode & 0o777 == 0o600

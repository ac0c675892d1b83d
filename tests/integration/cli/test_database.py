"""``antar migrate``, ``antar doctor``, and what every command says when its database is not there."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, text
from sqlalchemy.exc import DataError, DBAPIError, ProgrammingError

from deploy.cli import checks, failures
from shared.db import partitions
from tests.integration import this_process
from tests.integration.cli.antar import Antar, process

Findings = dict[str, tuple[bool, str]]

_PASSWORD = "pa55word"
_NOWHERE = f"postgresql+psycopg://antar:{_PASSWORD}@127.0.0.1:1/antar"
_BROKER_NOWHERE = f"redis://:{_PASSWORD}@127.0.0.1:1/0"


def _spoiled(servers: Mapping[str, str], **changes: str) -> dict[str, str]:
    return {**servers, **{f"ANTAR_{name}": value for name, value in changes.items()}}


def _examined(antar: Antar, environment: Mapping[str, str]) -> Findings:
    with this_process.pointed_at(environment):
        done = antar.run("doctor", "--json")
    return _findings(done.exit_code, done.stdout, done.stderr)


def _examined_apart(environment: Mapping[str, str]) -> Findings:
    """Examine in a process that starts with what is wrong."""
    done = process(environment, "doctor", "--json")
    return _findings(done.returncode, done.stdout, done.stderr)


def _findings(status: int, out: str, err: str) -> Findings:
    findings = {finding["check"]: (finding["ok"], finding["text"]) for finding in json.loads(out)}
    assert status == (0 if all(ok for ok, _ in findings.values()) else 1)
    assert _PASSWORD not in out + err
    return findings


def _written(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def test_an_empty_database_is_migrated_and_migrated_again(antar: Antar, servers: Mapping[str, str], empty_database: URL) -> None:
    environment = _spoiled(servers, DATABASE_URL=_written(empty_database))
    first, second = process(environment, "migrate", "--json"), process(environment, "migrate")
    assert (first.returncode, first.stderr, second.returncode) == (0, "", 0)
    assert second.stdout.split() == ["schema", json.loads(first.stdout)["schema"]]
    assert second.stdout.startswith("schema  ")
    assert _examined(antar, environment)["schema"][0]


def test_a_database_that_was_never_migrated_says_so(antar: Antar, servers: Mapping[str, str], empty_database: URL) -> None:
    environment = _spoiled(servers, DATABASE_URL=_written(empty_database))
    with this_process.pointed_at(environment):
        done = antar.run("account", "list")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.endswith(f"/{empty_database.database} has not the schema of this version; run antar migrate\n")
    findings = _examined(antar, environment)
    assert findings["schema"][0] is False
    assert findings["schema"][1].endswith("run antar migrate")
    assert findings["partitions"] == (False, "not checked: first put schema right")


def test_a_database_from_the_future_is_left_alone(antar: Antar, servers: Mapping[str, str], empty_database: URL) -> None:
    environment = _spoiled(servers, DATABASE_URL=_written(empty_database))
    with this_process.set_up(environment):
        _execute(empty_database, "UPDATE alembic_version SET version_num = '9999'")
    done = process(environment, "migrate")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "9999" in done.stderr
    assert _examined(antar, environment)["schema"][0] is False


def test_a_missing_partition_is_found(antar: Antar, servers: Mapping[str, str], empty_database: URL) -> None:
    environment = _spoiled(servers, DATABASE_URL=_written(empty_database))
    with this_process.set_up(environment):
        assert _examined(antar, environment)["partitions"] == (True, "there for this week")
    year, week, _ = partitions.week_start(datetime.now(UTC)).isocalendar()
    _execute(empty_database, f"DROP TABLE attempts_{year}w{week:02}")
    found, said = _examined(antar, environment)["partitions"]
    assert not found
    assert said.startswith("no partition of this week for attempts: run antar migrate")


def test_a_healthy_installation_passes_every_check(antar: Antar, servers: Mapping[str, str]) -> None:
    findings = _examined(antar, servers)
    assert all(ok for ok, _ in findings.values()), findings
    lines = process(servers, "doctor").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["ok"] * len(findings)


def test_queues_without_a_worker_are_named(antar: Antar, servers: Mapping[str, str]) -> None:
    url = servers["ANTAR_BROKER_URL"].rpartition("/")[0] + "/15"
    found, said = _examined(antar, _spoiled(servers, BROKER_URL=url))["consumers"]
    assert not found
    assert said.startswith("no worker takes from send, bulk, events, upkeep: ")


def test_everything_wrong_is_told_in_a_line_each(servers: Mapping[str, str]) -> None:
    environment = _spoiled(servers, DATABASE_URL=_NOWHERE, BROKER_URL=_BROKER_NOWHERE, SECRET_KEYS="", FILES_URL="s3:")
    findings = _examined_apart(environment)
    assert {name: ok for name, (ok, _) in findings.items() if ok} == {"settings": True}
    assert findings["postgres"][1].startswith("cannot use Postgres at 127.0.0.1:1/antar: ")
    assert findings["broker"][1].startswith("cannot reach redis://:**@127.0.0.1:1/0: ")
    assert findings["secret keys"][1].startswith("ANTAR_SECRET_KEYS is not set")
    assert findings["files"][1].startswith("ANTAR_FILES_URL is file:///directory, s3://bucket")
    lines = process(environment, "doctor").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["ok"] + ["FAIL"] * (len(findings) - 1)


@pytest.mark.parametrize("variable", ["API_THREADS", "SEND_WAIT"])
def test_a_wrong_setting_is_named_and_the_rest_not_tried(servers: Mapping[str, str], variable: str) -> None:
    environment = _spoiled(servers, **{variable: _PASSWORD})
    findings = _examined_apart(environment)
    assert findings["settings"][1].startswith(f"ANTAR_{variable}: ")
    assert not any(ok for ok, _ in findings.values())
    done = process(environment, "account", "list")
    assert (done.returncode, done.stderr.startswith(f"Error: ANTAR_{variable}: ")) == (1, True)


@pytest.mark.usefixtures("database")
def test_an_old_postgres_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "OLDEST_POSTGRES", 99)
    (finding,) = (each for each in checks.run() if each.check == "postgres")
    assert not finding.ok
    assert finding.text.endswith("is too old: use 99 or later")


@pytest.mark.parametrize("command", [("migrate",), ("account", "list"), ("why", "snd_00000000000000000000000000")])
def test_a_database_that_is_away_is_named_in_one_line(servers: Mapping[str, str], command: tuple[str, ...]) -> None:
    done = process(_spoiled(servers, DATABASE_URL=_NOWHERE), *command)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("Error: cannot use Postgres at 127.0.0.1:1/antar: ")
    assert _PASSWORD not in done.stderr


@pytest.mark.parametrize("url", [_PASSWORD, f"nonsense://antar:{_PASSWORD}@127.0.0.1/antar"])
def test_a_database_url_that_is_none_is_not_repeated(servers: Mapping[str, str], url: str) -> None:
    done = process(_spoiled(servers, DATABASE_URL=url), "account", "list")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("Error: ANTAR_DATABASE_URL must be a SQLAlchemy URL")
    assert _PASSWORD not in done.stderr


def test_credentials_cannot_be_kept_without_a_secret_key(servers: Mapping[str, str], account: str, tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    file.write_text('{"bot_token": "1:abc"}')
    arguments = ("key", "add", account, "telegram", "--name", "Desk", "--credentials", str(file))
    done = process(_spoiled(servers, SECRET_KEYS=""), *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: ANTAR_SECRET_KEYS is not set")


@pytest.mark.parametrize("kind", [DataError, ProgrammingError])
@pytest.mark.usefixtures("database")
def test_what_postgres_refuses_is_told_without_its_values(kind: type[DBAPIError]) -> None:
    refused = Exception(f"value out of range\nDETAIL: Key (name)=({_PASSWORD}) is too long")
    said = failures.explain(kind("INSERT", {"name": _PASSWORD}, refused))
    assert said == f"Postgres at {failures.database_address()} refused: value out of range"


def test_every_command_has_help_and_json(antar: Antar) -> None:
    for path in (
        ("migrate",),
        ("doctor",),
        ("why",),
        ("account", "create"),
        ("token", "revoke"),
        ("key", "add"),
        ("template", "add"),
    ):
        assert "--json" in antar.lines(*path, "--help")
    assert {"up", "migrate", "doctor", "account", "token", "key", "template", "why"} <= set(antar.lines("--help").split())


def _execute(url: URL, statement: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()

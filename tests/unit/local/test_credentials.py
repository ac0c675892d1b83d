import base64
import json
from pathlib import Path

from deploy.local import credentials


def test_made_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    assert credentials.settle(path) == credentials.settle(path)


def test_readable_by_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    credentials.settle(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_every_home_has_its_own(tmp_path: Path) -> None:
    one, other = credentials.settle(tmp_path / "one"), credentials.settle(tmp_path / "other")
    assert one.postgres_password != other.postgres_password
    assert one.flower_password != other.flower_password
    assert one.secret_keys != other.secret_keys


def test_what_an_older_version_did_not_make_is_added(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    path.write_text(json.dumps({"postgres_password": "kept"}))
    settled = credentials.settle(path)
    assert settled.postgres_password == "kept"
    assert settled == credentials.settle(path)


def test_the_key_is_named_and_has_32_bytes(tmp_path: Path) -> None:
    name, _, key = credentials.settle(tmp_path / "credentials.json").secret_keys.partition(":")
    assert name
    assert len(base64.b64decode(key, validate=True)) == 32

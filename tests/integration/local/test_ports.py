import json
import socket
from pathlib import Path

import pytest

from deploy.local import errors, ports


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return tmp_path / "ports.json"


def test_one_for_each_and_none_twice(written: Path) -> None:
    settled = ports.settle(written)
    assert tuple(settled) == ports.NAMES
    assert len(set(settled.values())) == len(ports.NAMES)
    assert json.loads(written.read_text()) == settled


def test_kept_as_long_as_they_are_free(written: Path) -> None:
    assert ports.settle(written) == ports.settle(written)


def test_only_the_one_taken_is_replaced(written: Path) -> None:
    before = ports.settle(written)
    with socket.create_server((ports.HOST, before["api"])):
        after = ports.settle(written)
    assert after["api"] != before["api"]
    assert {**after, "api": before["api"]} == before
    assert json.loads(written.read_text()) == after


def test_what_lingers_of_a_closed_connection_does_not_count(written: Path) -> None:
    port = ports.settle(written)["api"]
    with socket.create_server((ports.HOST, port)) as server, socket.create_connection((ports.HOST, port)):
        accepted, _ = server.accept()
        accepted.close()
    assert ports.is_free(port)


@pytest.mark.parametrize("content", ['{"api": "x"}', '{"api": 70000}', '{"api": null}', "not json"])
def test_nonsense_in_the_file_is_replaced(written: Path, content: str) -> None:
    written.write_text(content)
    assert ports.settle(written)["api"] in ports.RANGE


def test_out_of_the_way_of_outgoing_connections() -> None:
    assert ports.RANGE.stop <= 32_768


def test_none_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "is_free", lambda _port: False)
    with pytest.raises(errors.StackError, match="no free port"):
        ports.choose([])

"""``antar file``."""

import os
from pathlib import Path

import httpx
import pytest

from tests.integration.cli.antar import Antar


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "Struk Mei.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + os.urandom(3000))
    return path


def test_a_file_is_uploaded_once_listed_linked_and_deleted(antar: Antar, account: str, picture: Path) -> None:
    made = antar.json("file", "upload", account, str(picture))
    assert (made["name"], made["media_type"], made["size_bytes"]) == ("Struk Mei.png", "image/png", 3008)
    assert antar.json("file", "upload", account, str(picture)) == made
    other = antar.json("file", "upload", account, str(picture), "--name", "toko.png")
    assert antar.json("file", "list", account) == [other, made]
    assert antar.json("file", "list", account, "--name", "struk", "--type", "image") == [made]
    linked = antar.json("file", "link", account, made["id"])
    assert httpx.get(linked["url"]).content == picture.read_bytes()
    assert antar.json("file", "delete", account, made["id"]) == {"id": made["id"], "deleted": True}
    assert httpx.get(linked["url"]).status_code == 404
    assert antar.json("file", "list", account) == [other]


def test_what_is_no_file_of_the_account_is_refused_in_a_line(antar: Antar, account: str, picture: Path) -> None:
    made = antar.json("file", "upload", account, str(picture))
    stranger = antar.json("account", "create", f"other {os.urandom(4).hex()}")["name"]
    for command in ("link", "delete"):
        assert antar.refused("file", command, stranger, made["id"]) == "Error: there is no such file\n"
    picture.write_bytes(b"MZ\x90\x00")
    said = "Error: file: the content is a program, which is not taken\n"
    assert antar.refused("file", "upload", account, str(picture)) == said

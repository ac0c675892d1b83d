"""Bytes in a directory and in a bucket: the same to whoever stores them."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from shared import settings, storage
from tests.integration import s3_server
from tests.integration.s3_server import Bucket

T = TypeVar("T")

LARGE = 2 * storage.PART_BYTES + 12_345
LOCATION = "files/acc_1/fil_1"


def chunks(size: int, step: int = 100_000) -> Iterator[bytes]:
    """Give so many bytes, of which none is like its neighbours."""
    pattern = bytes(range(251)) * (step // 251 + 2)
    for start in range(0, size, step):
        yield pattern[start % 251 :][: min(step, size - start)]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    with s3_server.serve() as served:
        yield from _used(served.url, monkeypatch, served)


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "not there yet" / "files"
    yield from _used(path.as_uri(), monkeypatch, path)


def _used(url: str, monkeypatch: pytest.MonkeyPatch, given: T) -> Iterator[T]:
    monkeypatch.setenv("ANTAR_FILES_URL", url)
    settings.get.cache_clear()
    yield given
    monkeypatch.undo()
    settings.get.cache_clear()


@pytest.fixture(params=["directory", "bucket"])
def _store(request: pytest.FixtureRequest) -> None:
    request.getfixturevalue(request.param)


@pytest.mark.usefixtures("_store")
@pytest.mark.parametrize("size", [0, 1, storage.PART_BYTES - 1, storage.PART_BYTES, LARGE])
def test_what_is_saved_reads_back_and_can_be_replaced_and_deleted(size: int) -> None:
    assert storage.save(LOCATION, [b"before"]) == 6
    assert storage.save(LOCATION, chunks(size)) == size
    assert b"".join(storage.read(LOCATION)) == b"".join(chunks(size))
    storage.delete(LOCATION)
    storage.delete(LOCATION)
    with pytest.raises(storage.Missing, match=LOCATION):
        storage.read(LOCATION)


@pytest.mark.usefixtures("_store")
@pytest.mark.parametrize("size", [10, LARGE])
def test_what_breaks_off_leaves_what_was_there(size: int) -> None:
    def broken() -> Iterator[bytes]:
        yield from chunks(size)
        raise LookupError("the client is gone")

    storage.save(LOCATION, [b"before"])
    with pytest.raises(LookupError, match="the client is gone"):
        storage.save(LOCATION, broken())
    assert b"".join(storage.read(LOCATION)) == b"before"


@pytest.mark.usefixtures("_store")
def test_what_the_source_raises_is_not_taken_for_trouble_of_the_store() -> None:
    def broken() -> Iterator[bytes]:
        yield from chunks(LARGE)
        raise ConnectionResetError("the client's")

    with pytest.raises(ConnectionResetError):
        storage.save(LOCATION, broken())


def test_a_directory_is_made_for_its_owner_alone(directory: Path) -> None:
    storage.check()
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert [each for each in directory.rglob("*") if each.is_file()] == []


def test_nothing_half_written_lies_about(directory: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield from chunks(LARGE)
        raise LookupError

    with pytest.raises(LookupError):
        storage.save(LOCATION, broken())
    assert [each for each in directory.rglob("*") if each.is_file()] == []


def test_a_small_file_is_one_request_and_a_large_one_comes_in_parts(bucket: Bucket) -> None:
    storage.save("small", [b"a", b"b"])
    assert (bucket.asked, bucket.objects["some/prefix/small"]) == (["PUT"], b"ab")
    bucket.asked.clear()
    storage.save("large", chunks(LARGE))
    assert (bucket.asked[0], bucket.asked[-1]) == ("POST begin", "POST complete")
    assert bucket.asked[1:-1] == ["PUT part"] * 3
    assert bucket.largest <= 2 * storage.PART_BYTES


def test_an_upload_that_breaks_off_is_taken_back(bucket: Bucket) -> None:
    def broken() -> Iterator[bytes]:
        yield from chunks(LARGE)
        raise LookupError

    with pytest.raises(LookupError):
        storage.save("large", broken())
    # A part that was under way may be seen after it.
    assert bucket.asked.count("DELETE upload") == 1
    assert "POST complete" not in bucket.asked
    assert (bucket.uploads, bucket.objects) == ({}, {})


def test_a_bucket_that_fails_for_a_moment_is_asked_again(bucket: Bucket) -> None:
    bucket.failing = 1
    storage.save("small", [b"a"])
    assert bucket.asked == ["PUT", "PUT"]


def test_a_bucket_that_refuses_is_trouble_without_its_secrets(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTAR_FILES_URL", bucket.url.replace("access_key_id=key", "access_key_id=other"))
    settings.get.cache_clear()
    for ask in (storage.check, lambda: storage.read("a"), lambda: storage.delete("a")):
        with pytest.raises(storage.StorageError, match="files cannot be stored or read") as trouble:
            ask()
        assert "s3cret" not in str(trouble.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "ANTAR_FILES_URL is file:///directory"),
        ("/var/lib/antar", "ANTAR_FILES_URL is file:///directory"),
        ("file://server/share", "ANTAR_FILES_URL is file:///directory"),
        ("ftp://server/files", "ANTAR_FILES_URL is file:///directory"),
        ("s3:///files", "ANTAR_FILES_URL is file:///directory"),
        ("https://files.example/antar?secret_access_key=s3cret", "this bucket, or one of the options"),
        ("s3://bucket?mood=good&secret_access_key=s3cret", "this bucket, or one of the options"),
        ("file:///proc/antar/files", "ANTAR_FILES_URL: No such file or directory"),
        ("file:///etc/passwd", "ANTAR_FILES_URL: File exists: /etc/passwd"),
    ],
)
def test_a_setting_that_is_wrong_is_named_without_what_it_holds(url: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTAR_FILES_URL", url)
    settings.get.cache_clear()
    with pytest.raises(storage.StorageError, match=said) as trouble:
        storage.check()
    assert "s3cret" not in str(trouble.value)
    monkeypatch.undo()
    settings.get.cache_clear()

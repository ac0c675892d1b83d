"""Stored bytes, by location: in a directory of this machine, or in a bucket that speaks S3. No row says where that is."""

import itertools
import os
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import parse_qsl, urlsplit
from urllib.request import url2pathname

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from shared import settings

PART_BYTES: Final = 5 * 1024 * 1024
"""What travels at once; the least that S3 takes as a part of a larger object."""
_PARTS_AT_ONCE: Final = 2
_STEP_BYTES: Final = 256 * 1024
_PRIVATE: Final = 0o700
_RETRY: Final = {"max_retries": 3, "retry_timeout": timedelta(seconds=30)}
_CLIENT: Final = {"connect_timeout": "5s", "read_timeout": "30s", "timeout": "15min"}
_PROBE: Final = "probe"


class StorageError(Exception):
    """The file store is not configured, or cannot be reached or written."""


class Missing(Exception):
    """Nothing is stored at this location."""


def save(location: str, chunks: Iterable[bytes]) -> int:
    """Store bytes, whole or not at all, in place of what was there, and give their number; holds a few parts in memory.

    Raises:
        StorageError: they could not be stored. What the chunks raise themselves comes through as it is.
    """
    counted = _Counted(chunks)
    store = _store()
    try:
        _put(store, location, counted)
    except (BaseError, OSError) as error:
        raise counted.error or StorageError(_reason(error)) from error
    return counted.size


def read(location: str) -> Iterator[bytes]:
    """Give stored bytes in steps, however many they are.

    Raises:
        Missing: nothing is stored there; told at the call.
        StorageError: they could not be read; at the call, or in between.
    """
    try:
        found = obstore.get(_store(), location)
    except FileNotFoundError:
        raise Missing(location) from None
    except (BaseError, OSError) as error:
        raise StorageError(_reason(error)) from error
    return _steps(found.stream(min_chunk_size=_STEP_BYTES))


def delete(location: str) -> None:
    """Remove stored bytes; fine where there are none. Raises :class:`StorageError`."""
    try:
        obstore.delete(_store(), location)
    except FileNotFoundError:
        return
    except (BaseError, OSError) as error:
        raise StorageError(_reason(error)) from error


def check() -> None:
    """Store a byte and remove it again. Raises :class:`StorageError` saying why that cannot be done."""
    save(_PROBE, [b"\n"])
    delete(_PROBE)


class _Counted:
    """Chunks on their way, their bytes counted, and what their source raised kept apart from the store's own errors."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self.size = 0
        self.error: Exception | None = None

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._chunks:
                self.size += len(chunk)
                yield chunk
        except Exception as error:
            self.error = error
            raise


def _put(store: ObjectStore, location: str, chunks: Iterable[bytes]) -> None:
    """Write what fits into one part by one request, and more in parts."""
    rest = iter(chunks)
    first = _first_part(rest)
    if len(first) < PART_BYTES:
        obstore.put(store, location, first, use_multipart=False)
    else:
        obstore.put(store, location, itertools.chain((first,), rest), chunk_size=PART_BYTES, max_concurrency=_PARTS_AT_ONCE)
    if isinstance(store, LocalStore):
        _flush(cast("Path", store.prefix) / location)


def _first_part(chunks: Iterator[bytes]) -> bytes:
    part = bytearray()
    while len(part) < PART_BYTES and (chunk := next(chunks, None)) is not None:
        part += chunk
    return bytes(part)


def _flush(path: Path) -> None:
    """See that a file and its name survive a loss of power: a row is about to say that they exist."""
    for each in (path, path.parent):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _steps(stream: Iterable[Any]) -> Iterator[bytes]:
    try:
        for step in stream:
            yield bytes(step)
    except (BaseError, OSError) as error:
        raise StorageError(_reason(error)) from error


def _reason(error: Exception) -> str:
    """Give an error's first line: what follows is of use to the library's authors alone."""
    return f"files cannot be stored or read: {str(error).partition(chr(10))[0]}"


def _store() -> ObjectStore:
    return _open(settings.get().files_url.get_secret_value())


@lru_cache(maxsize=1)
def _open(url: str) -> ObjectStore:
    """Open the store of a URL, once in a process. Raises :class:`StorageError` naming the setting, never what it holds."""
    parts = urlsplit(url)
    try:
        if parts.scheme == "file" and parts.path and not parts.netloc:
            return _directory(Path(url2pathname(parts.path)))
        if parts.scheme in {"s3", "https"} and parts.netloc:
            return _bucket(url.partition("?")[0], dict(parse_qsl(parts.query)))
    except OSError as error:
        raise StorageError(f"ANTAR_FILES_URL: {error.strerror}: {error.filename}") from error
    except (BaseError, ValueError, TypeError):
        raise StorageError("ANTAR_FILES_URL: this bucket, or one of the options behind the ? is not understood") from None
    raise StorageError("ANTAR_FILES_URL is file:///directory, s3://bucket?region=... or the https address of a bucket")


def _directory(path: Path) -> ObjectStore:
    """Open a directory, made for this user alone when there is none."""
    path.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    return LocalStore(path, automatic_cleanup=True)


def _bucket(url: str, options: dict[str, Any]) -> ObjectStore:
    """Open a bucket; what the options leave out, credentials above all, comes from the usual ``AWS_*`` variables.

    Files are deleted one by one, which every store that speaks S3 knows.
    """
    client = {**_CLIENT, "allow_http": options.get("endpoint", "").startswith("http://")}
    config = {"disable_bulk_delete": True, **options}
    return S3Store.from_url(url, config=cast("Any", config), client_options=cast("Any", client), retry_config=cast("Any", _RETRY))

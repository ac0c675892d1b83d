"""What can be told of a file by its URL and its name, without fetching it."""

import mimetypes
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit


def is_fetchable(url: str) -> bool:
    """Whether a URL is one of http or https that names a host."""
    return host(url) != "" and urlsplit(url).scheme in {"http", "https"}


def host(url: str) -> str:
    """Give a URL's host; empty when there is none, or no URL."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def name(url: str) -> str | None:
    """Give the last part of the path of a URL that :func:`is_fetchable`."""
    return PurePosixPath(unquote(urlsplit(url).path)).name or None


def mimetype(file_name: str | None, url: str) -> str | None:
    """Guess a file's type by the ending of its name, else by that of a URL that :func:`is_fetchable`."""
    endings = (PurePosixPath(candidate or "").suffix for candidate in (file_name, name(url)))
    guesses = (mimetypes.guess_type(f"file{ending}")[0] for ending in endings)
    return next((guess for guess in guesses if guess), None)

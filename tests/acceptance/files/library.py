"""An account's library of files, over HTTP, and bytes that are what they say."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import httpx

from tests.acceptance.backend import Backend

PNG: Final = b"\x89PNG\r\n\x1a\n"
PDF: Final = b"%PDF-1.7\n"
MP4: Final = b"\x00\x00\x00\x20ftypisom"


def picture(size: int = 500) -> bytes:
    """Give a picture, by its first bytes, that nobody has uploaded."""
    return (PNG + os.urandom(32)).ljust(size, b"\0")


@dataclass(frozen=True, kw_only=True)
class Library:
    """The files of an account."""

    tenant: Backend
    http: httpx.Client
    """A client whose answers are held against the document."""

    def ask(self, method: str, path: str, **content: Any) -> httpx.Response:
        """Ask for something as this account."""
        headers = {"Authorization": f"Bearer {self.tenant.token}", **content.pop("headers", {})}
        return self.http.request(method, path, headers=headers, **content)

    def upload(self, octets: bytes, name: str = "struk.png", media_type: str = "image/png") -> httpx.Response:
        """Upload a file in a form."""
        return self.ask("POST", "/v1/files", files={"file": (name, octets, media_type)})

    def upload_alone(self, octets: bytes | Iterable[bytes], name: str, **headers: str) -> httpx.Response:
        """Upload a file as the body itself, in chunks where it is given so."""
        return self.ask("POST", "/v1/files", params={"name": name}, content=octets, headers=headers)

    def made(self, octets: bytes, name: str = "struk.png", media_type: str = "image/png") -> str:
        """Upload a new file and give its id."""
        answer = self.upload(octets, name, media_type)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["data"]["id"])

    def link(self, file_id: str) -> str:
        """Make a link to a file."""
        answer = self.ask("POST", f"/v1/files/{file_id}/links")
        assert answer.status_code == 201, answer.text
        return str(answer.json()["data"]["url"])

"""A server that speaks as much S3 as storing, reading and deleting takes, over a real socket, and remembers what it was asked."""

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

_PART = re.compile(rb"<PartNumber>(\d+)</PartNumber>")


@dataclass
class Bucket:
    """What is stored, and how it came."""

    objects: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """What was asked for: ``PUT``, ``PUT part``, ``POST begin`` and so on."""
    largest: int = 0
    """Bytes of the largest body that came."""
    failing: int = 0
    """So many of the next requests are answered with 500."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""


@contextmanager
def serve() -> Iterator[Bucket]:
    """Serve a bucket; its ``url`` is one for ``ANTAR_FILES_URL``."""
    bucket = Bucket()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"bucket": bucket}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    options = "region=id-jkt&access_key_id=key&secret_access_key=s3cret"
    bucket.url = f"s3://bucket/some/prefix?endpoint=http://127.0.0.1:{server.server_port}&{options}"
    try:
        yield bucket
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    bucket: Bucket
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        if not self._taken("PUT part" if "partNumber" in self._query else "PUT"):
            return
        if "partNumber" not in self._query:
            self.bucket.objects[self._key] = self._body
        elif (parts := self.bucket.uploads.get(self._query["uploadId"])) is None:
            self._answer(404, "<Error><Code>NoSuchUpload</Code></Error>")
            return
        else:
            parts[int(self._query["partNumber"])] = self._body
        self._answer(200, ETag=f'"{hashlib.md5(self._body, usedforsecurity=False).hexdigest()}"')

    def do_POST(self) -> None:
        if not self._taken("POST begin" if "uploads" in self._query else "POST complete"):
            return
        if "uploads" in self._query:
            with self.bucket.lock:
                upload = f"upload-{len(self.bucket.uploads)}"
                self.bucket.uploads[upload] = {}
            self._answer(200, f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>")
            return
        parts = self.bucket.uploads.pop(self._query["uploadId"])
        self.bucket.objects[self._key] = b"".join(parts[int(number)] for number in _PART.findall(self._body))
        self._answer(200, '<CompleteMultipartUploadResult><ETag>"all"</ETag></CompleteMultipartUploadResult>')

    def do_GET(self) -> None:
        if self._taken("GET"):
            self._give()

    def do_DELETE(self) -> None:
        if not self._taken("DELETE upload" if "uploadId" in self._query else "DELETE"):
            return
        if "uploadId" in self._query:
            self.bucket.uploads.pop(self._query["uploadId"], None)
        else:
            self.bucket.objects.pop(self._key, None)
        self._answer(204)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    @property
    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix("/bucket/")

    @property
    def _query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query, keep_blank_values=True).items()}

    def _taken(self, what: str) -> bool:
        """Read the request and note it; answers by itself where it is unsigned, or to fail."""
        self._body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.bucket.lock:
            self.bucket.asked.append(what)
            self.bucket.largest = max(self.bucket.largest, len(self._body))
            fails, self.bucket.failing = self.bucket.failing > 0, max(0, self.bucket.failing - 1)
        signed = self.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 Credential=key/")
        if fails or not signed:
            self._answer(500 if fails else 403)
        return signed and not fails

    def _give(self) -> None:
        found = self.bucket.objects.get(self._key)
        if found is None:
            self._answer(404, "<Error><Code>NoSuchKey</Code></Error>")
            return
        self._answer(200, found, ETag='"all"', Last_Modified="Fri, 01 May 2026 12:00:00 GMT")

    def _answer(self, status: int, body: str | bytes = b"", **headers: str) -> None:
        octets = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status != 204:
            self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

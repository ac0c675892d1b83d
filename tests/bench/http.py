"""HTTP/1.1 over a connection that is kept alive, as far as the load and the provider stand-in need it: bodies of a known length."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"content-length:"


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer."""

    line: bytes
    """The request line or the status line."""
    body: bytes

    @property
    def status(self) -> int:
        """The status of an answer."""
        return int(self.line[9:12])


class Reader:
    """Cuts what arrives on one connection into messages."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> Iterator[Message]:
        """Take what arrived, and give the messages that are whole with it."""
        self._buffer += data
        while (end := self._buffer.find(_END_OF_HEAD)) >= 0:
            head, start = self._buffer[:end], end + len(_END_OF_HEAD)
            stop = start + _length(head)
            if len(self._buffer) < stop:
                return
            body, self._buffer = self._buffer[start:stop], self._buffer[stop:]
            yield Message(head.partition(b"\r\n")[0], body)


def _length(head: bytes) -> int:
    """Give the length of the body: 0 where none is named, which an answer here always does."""
    _, named, rest = head.lower().partition(_LENGTH)
    return int(rest.partition(b"\r\n")[0]) if named else 0


def answer(status: int, body: bytes) -> bytes:
    """Write an answer with a JSON body."""
    return b"HTTP/1.1 %d -\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


def head(path: str, length: int, headers: Mapping[str, str]) -> bytes:
    """Write what goes before the JSON body of a POST, which is so long."""
    lines = [f"POST {path} HTTP/1.1", "Host: bench", "Content-Type: application/json", f"Content-Length: {length}"]
    return "\r\n".join([*lines, *_lines(headers), "", ""]).encode()


def get(path: str, headers: Mapping[str, str]) -> bytes:
    """Write a GET."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: bench", *_lines(headers), "", ""]).encode()


def _lines(headers: Mapping[str, str]) -> list[str]:
    return [f"{name}: {value}" for name, value in headers.items()]

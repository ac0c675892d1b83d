"""A bare SMTP conversation, for servers that do what no mail server's library would."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

CLOSE = ""
SILENCE = "silence"

_FAIR = {"GREETING": "220 mx.test.example ESMTP", "EHLO": "250 mx.test.example", "DATA": "354 Go ahead", ".": "250 2.0.0 Ok"}


async def _reply(writer: asyncio.StreamWriter, line: str) -> None:
    """Say a line, or nothing for ever, or hang up."""
    if line == SILENCE:
        return
    if line == CLOSE:
        raise ConnectionAbortedError
    writer.write(line.encode() + b"\r\n")
    await writer.drain()


async def _converse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, replies: Mapping[str, str], lines: list[str]
) -> None:
    await _reply(writer, replies["GREETING"])
    message = False
    while raw := await reader.readline():
        line = raw.decode("latin-1").rstrip("\r\n")
        lines.append(line)
        verb = "." if line == "." else line.split(" ")[0].upper()
        if message and verb != ".":
            continue
        message = verb == "DATA" and replies["DATA"].startswith("354")
        await _reply(writer, replies.get(verb, "250 2.0.0 Ok"))
        if verb == replies.get("LAST"):
            await asyncio.sleep(0.1)
            return


@asynccontextmanager
async def conversing(replies: Mapping[str, str], lines: list[str] | None = None) -> AsyncIterator[int]:
    """Serve; every command's reply is given by its verb (``GREETING`` and ``.`` too). Commands are noted in ``lines``.

    The server hangs up a moment after the command that ``LAST`` names.
    """
    conversations: list[asyncio.Task[None]] = []

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await _converse(reader, writer, {**_FAIR, **replies}, [] if lines is None else lines)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversations.append(asyncio.create_task(converse(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
    await asyncio.gather(*conversations)

"""A client that costs next to nothing, so that what is measured beside it is the server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST = "127.0.0.1"

TIMEOUT = 30.0
"""Seconds that a whole answer may take. Who waits longer has given up, so the request has failed."""

LOST = (OSError, asyncio.IncompleteReadError)
"""What :meth:`Connection.send` raises where no whole answer came; ``TimeoutError`` is an ``OSError``."""

Answer = tuple[int, dict[str, str], bytes]
"""The status, the headers by their names in lower case, and the body."""


class Connection:
    """One client, with one connection that it keeps.

    Args:
        port: Where the server listens.
        headers: What every request says.
        timeout: Seconds that a whole answer may take.
    """

    def __init__(self, port: int, headers: Mapping[str, str] | None = None, *, timeout: float = TIMEOUT) -> None:
        self._port, self._timeout = port, timeout
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(
        self, method: str, path: str, body: bytes = b"", *, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one request, and return the status, the headers and the body.

        Raises:
            TimeoutError: No whole answer came in time.
            OSError: The connection could not be had, or was lost.
            asyncio.IncompleteReadError: It was closed before the answer was whole.
        """
        try:
            async with asyncio.timeout(self._timeout):
                return await self._exchange(method, path, body, headers or {})
        except BaseException:
            # What is left of this answer would be taken for the next one.
            self.close()
            raise

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _exchange(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        if self._streams is None:
            self._streams = await asyncio.open_connection(HOST, self._port)
        reader, writer = self._streams
        head = f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {len(body)}\r\n"
        head += "Content-Type: application/json\r\n" if body else ""
        head += self._headers + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(head.encode() + b"\r\n" + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        answered = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:] if line)}
        content = await self._content(reader, answered)
        if answered.get("connection", "").lower() == "close":
            self.close()
        return int(lines[0].split()[1]), answered, content

    async def _content(self, reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return await reader.readexactly(int(headers.get("content-length", 0)))
        content = b""
        while length := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            content += await reader.readexactly(length)
            await reader.readuntil(b"\r\n")
        await reader.readuntil(b"\r\n")
        return content


def failure(error: BaseException) -> str:
    """Say in a few words why no whole answer came."""
    return f"no answer within {TIMEOUT:.0f} s" if isinstance(error, TimeoutError) else "connection lost"

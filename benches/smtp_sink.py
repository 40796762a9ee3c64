"""A mail server on this machine that takes every mail and keeps none: what the senders of ``http_timing`` talk to.

``python -m benches.smtp_sink`` prints its port, serves until its input ends, and prints how many mails it took.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.0.1"

END_OF_MAIL = b"\r\n.\r\n"
"""RFC 5321, section 4.5.2."""


@dataclass
class Sink:
    """The running server."""

    port: int
    mails: int | None = None
    """How many it took, once it has ended."""


@contextmanager
def running() -> Iterator[Sink]:
    """Run the server in a process of its own, so that what it does takes no time of the one that measures."""
    command = [sys.executable, "-m", __name__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        sink = Sink(int(process.stdout.readline()))
        try:
            yield sink
        finally:
            sink.mails = int(process.communicate()[0])


async def main() -> None:
    """Serve until the end of the standard input."""
    mails = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal mails
        writer.write(b"220 sink\r\n")
        async for line in reader:
            match line[:4].upper():
                case b"DATA":
                    writer.write(b"354 go on\r\n")
                    await reader.readuntil(END_OF_MAIL)
                    mails += 1
                    writer.write(b"250 taken\r\n")
                case b"QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                case _:
                    writer.write(b"250 so be it\r\n")
        writer.close()

    server = await asyncio.start_server(talk, HOST, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(mails)


if __name__ == "__main__":
    asyncio.run(main())

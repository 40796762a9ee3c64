"""The project behind HTTP, in a child that can be killed and started again at once.

Run as ``python -m tests.faults.server`` with the database's settings as a line of JSON on standard input. Then every
line ``start`` forks a server, whose process id is printed; the listening socket outlives it.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from tests.faults import project

BACKLOG = 64


class Server(ThreadingMixIn, WSGIServer):
    """Threads, a socket that somebody else made, and no log."""

    daemon_threads = True

    def __init__(self, listening: socket.socket) -> None:
        super().__init__(listening.getsockname(), Quiet, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.server_name, self.server_port = listening.getsockname()
        self.setup_environ()


class Quiet(WSGIRequestHandler):
    """Does not log."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def get_stderr(self) -> Any:
        """Throw tracebacks away."""
        return open(os.devnull, "w")


def main() -> None:
    """Configure, listen, and fork a server whenever asked to."""
    project.configure(json.loads(sys.stdin.readline()), MAX_SESSIONS=100, LIMITS=project.NO_LIMITS)
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
    listening = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    print(listening.getsockname()[1], flush=True)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # Killed children leave no zombies.
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            server = Server(listening)
            server.set_app(application)
            server.serve_forever()
        print(pid, flush=True)


if __name__ == "__main__":
    main()

"""Reading a connection: its client, its one credential, and a body no longer than it may be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fastapi import Request

from ferrauth.accounts.addresses import client_address, network_of
from ferrauth.accounts.sessions import RequestFacts

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

    from ferrauth.accounts.settings import Settings

__all__ = ["bearer_token", "read_body", "request_facts", "until_gone", "with_body"]

SCHEME = "bearer"
"""RFC 6750, section 2.1; compared without case (RFC 9110, section 11.1)."""

TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*", re.ASCII)
"""``b64token`` (RFC 6750, section 2.1). Two headers that a server joined have a comma, and so are no token."""

DISCONNECT = "http.disconnect"
"""The ASGI message that says that the client has gone."""


def bearer_token(connection: HTTPConnection) -> str | None:
    """Return the token of an ``Authorization: Bearer`` header, if there is exactly one (THREATS J112)."""
    headers = connection.headers.getlist("authorization")
    if len(headers) != 1:
        return None
    scheme, _, token = headers[0].partition(" ")
    return token if scheme.lower() == SCHEME and TOKEN.fullmatch(token) else None


def request_facts(connection: HTTPConnection | None, settings: Settings) -> RequestFacts:
    """Return what a flow may know of a connection: its client's address, its user agent, its id.

    The address is the peer's, unless ``TRUSTED_PROXIES`` says whose ``X-Forwarded-For`` to believe. Only the header of
    exactly that name counts, and not what ``X_Forwarded_For`` says (CVE-2026-3902).

    Args:
        connection: A request or a WebSocket.
        settings: The settings.
    """
    if connection is None:
        return RequestFacts()
    peer = connection.client.host if connection.client else ""
    forwarded = ",".join(connection.headers.getlist("x-forwarded-for"))
    address = client_address(peer, forwarded, settings.trusted_proxies)
    return RequestFacts(
        address=address,
        user_agent=connection.headers.get("user-agent", ""),
        network=network_of(address, ipv6_prefix=settings.ipv6_prefix),
        request_id=connection.headers.get("x-request-id", ""),
        request=connection,
    )


async def read_body(request: Request, limit: int) -> bytes:
    """Return a request's body, or a little more than the limit of it: the rest is never read (THREATS E15).

    Args:
        request: Whose body was not read yet.
        limit: Bytes.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk[: limit + 1 - len(body)]
        if len(body) > limit:
            break
    return bytes(body)


def with_body(request: Request, body: bytes) -> Request:
    """Return a request as it was before its body was read."""
    waiting: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return waiting.pop() if waiting else await request.receive()

    return Request(request.scope, receive)


async def until_gone(request: Request) -> None:
    """Return when a request's client has gone."""
    while (await request.receive())["type"] != DISCONNECT:
        pass

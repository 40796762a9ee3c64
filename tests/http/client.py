"""A client of the operations, which says what it sends and hands back what it gets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

UNSTABLE = {b"date", b"server"}
"""Headers that are not the application's."""


@dataclass(frozen=True)
class Client:
    """Sends requests from an address, and with a token if it has one."""

    http: httpx.Client
    base_url: str
    address: str
    access: str | None = None

    def as_user(self, tokens: dict[str, Any]) -> Client:
        """Return a client with an access token."""
        return replace(self, access=tokens["access_token"])

    def post(self, path: str, json: object = None, **options: Any) -> httpx.Response:
        """Send JSON, or nothing."""
        if json is not None:
            options["json"] = json
        return self.request("POST", path, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        """Ask."""
        return self.request("GET", path, **options)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request, as it is given, with the client's address and token."""
        headers = {"X-Forwarded-For": self.address, "User-Agent": "tests", **options.pop("headers", {})}
        if self.access is not None:
            headers.setdefault("Authorization", f"Bearer {self.access}")
        return self.http.request(method, f"{self.base_url}/{path}", headers=headers, **options)

    def log_in(self, email: str, password: str) -> dict[str, Any]:
        """Log in, and return the tokens."""
        response = self.post("login", {"identifier": email, "password": password})
        assert response.status_code == 200, response.text
        tokens: dict[str, Any] = response.json()
        return tokens


def answer(response: httpx.Response) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Return all that a client can tell a response by, save when it came."""
    headers = [(name, value) for name, value in response.headers.raw if name.lower() not in UNSTABLE]
    return response.status_code, headers, response.content


def assert_error(response: httpx.Response, status: int, code: str) -> None:
    """Hold an error against the one shape."""
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert response.json().keys() == {"detail", "code"} | ({"errors"} if status == 422 else set())
    assert response.headers["Cache-Control"] == "no-store"
    assert "Authorization" in response.headers["Vary"]
    assert response.headers.get("WWW-Authenticate") == ("Bearer" if status == 401 else None)
    assert ("Retry-After" in response.headers) == (status in (429, 503))

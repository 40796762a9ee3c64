"""A client that lives through an account's life over HTTP, shows every exchange and judges what comes back."""

from __future__ import annotations

import json
import re
import time
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

__all__ = ["EMAIL", "PASSWORD", "Play", "change_one_character"]

EMAIL = "ada@example.com"
PASSWORD = "correct horse battery staple"
"""Of a user whom the demo alone makes, in a development database."""
NEW_PASSWORD = "another horse, another staple"
COOKIE = "__Host-refresh_token"
LONGEST_SHOWN = 32
"""Characters of a string in a body that are shown whole; a token is longer."""
MAIL_TIMEOUT = 30.0
"""Seconds that the server has to send a mail."""
POLL_INTERVAL = 0.1
"""Seconds between two looks into the outbox."""


class Tokens(NamedTuple):
    """What a login gives: one token in the body, the other in a cookie."""

    access: str
    refresh: str


class Play:
    """The play: everything that a person can do with an account, and some of what a thief would."""

    def __init__(self, client: httpx.Client, *, color: bool) -> None:
        self.failures = 0
        self._client = client
        self._color = color
        self._steps = 0

    def run(self) -> None:
        """Play all of it."""
        tokens = self.log_in_and_fail_to()
        self.refresh_and_log_out(tokens)
        self.replay()
        self.register(f"grace-{time.time_ns()}@example.com")

    def log_in_and_fail_to(self) -> Tokens:
        """Log in, fail to, and use the token, whole, missing and damaged."""
        granted = self.log_in("The right password", PASSWORD)
        self.expect("200, a bearer token, and a cookie that no script can read", _is_granted(granted))

        wrong = {"email": EMAIL, "password": "Tr0ub4dor&3"}
        refused = self.exchange("A wrong password", "POST", "/api/auth/login", body=wrong)
        self.expect("401 and no token", _is_refusal(refused))

        nobody = {"email": "nobody@example.com", "password": PASSWORD}
        unknown = self.exchange("An unknown user", "POST", "/api/auth/login", body=nobody)
        self.expect("401 and no token", _is_refusal(unknown))
        self.expect("byte for byte the answer to the wrong password", unknown.content == refused.content)

        access = _tokens(granted).access
        me = self.exchange("Who am I, with the token", "GET", "/api/auth/me", token=access)
        self.expect(f"200 and {EMAIL}", me.status_code == 200 and _json_object(me).get("email") == EMAIL)

        bare = self.exchange("Who am I, without a token", "GET", "/api/auth/me")
        self.expect("401", _is_refusal(bare))

        damaged = change_one_character(access)
        changed = self.exchange("Who am I, with one character changed", "GET", "/api/auth/me", token=damaged)
        self.expect("401", _is_refusal(changed))
        self.expect("byte for byte the answer to no token", changed.content == bare.content)
        return _tokens(granted)

    def refresh_and_log_out(self, first: Tokens) -> None:
        """Refresh, look at the devices, and log out."""
        renewed = self.exchange("The next tokens, for the cookie", "POST", "/api/auth/refresh", cookie=first.refresh)
        again = self.exchange(
            "The same once more: a client that lost the answer", "POST", "/api/auth/refresh", cookie=first.refresh
        )
        self.expect("200 and the same session", _is_granted(renewed) and _is_granted(again))
        forged = self._client.post("/api/auth/refresh", headers={"Cookie": f"{COOKIE}={_tokens(again).refresh}"})
        self.expect("403 for the cookie without our header, as another site's form sends it", forged.status_code == 403)

        access, refresh = _tokens(again)
        devices = self.exchange("Where am I logged in", "GET", "/api/auth/sessions", token=access)
        current = [device for device in _json_list(devices.json()) if device["is_current"]]
        self.expect("this session among them", len(current) == 1)

        left = self.exchange("Log out", "POST", "/api/auth/logout", cookie=refresh)
        self.expect("204", left.status_code == 204)
        late = self.exchange("Who am I, after the logout", "GET", "/api/auth/me", token=access)
        self.expect("401, at once", _is_refusal(late))

    def replay(self) -> None:
        """Use a refresh token twice, as a thief and its owner do: that ends the session."""
        stolen = _tokens(self.log_in("Log in again", PASSWORD))
        used = _tokens(self.exchange("Refresh", "POST", "/api/auth/refresh", cookie=stolen.refresh))
        newest = _tokens(self.exchange("And again", "POST", "/api/auth/refresh", cookie=used.refresh))
        replay = self.exchange(
            "The first refresh token, as a thief has it", "POST", "/api/auth/refresh", cookie=stolen.refresh
        )
        self.expect("401", _is_refusal(replay))
        ended = self.exchange(
            "Who am I, with the newest token of that session", "GET", "/api/auth/me", token=newest.access
        )
        self.expect("401: the replay has ended the session", _is_refusal(ended))

    def register(self, email: str) -> None:
        """Register, verify by mail, change the password, forget it, and log out everywhere."""
        wanted = {"email": email, "password": PASSWORD}
        new = self.exchange("Register", "POST", "/api/auth/register", body=wanted)
        taken = self.exchange("Register an address that has an account", "POST", "/api/auth/register", body=wanted)
        self.expect("202, and the same answer", (new.status_code, new.content) == (taken.status_code, taken.content))
        early = self.exchange("Log in before verifying", "POST", "/api/auth/login", body=wanted)
        self.expect("401", _is_refusal(early))

        link = {"token": self.mailed("Confirm your e-mail address", email)}
        verified = self.exchange("Verify, with the token of the mail", "POST", "/api/auth/email/verify", body=link)
        self.expect("204", verified.status_code == 204)
        one = _tokens(self.exchange("Log in", "POST", "/api/auth/login", body=wanted))
        other = _tokens(self.exchange("Log in on another device", "POST", "/api/auth/login", body=wanted))

        passwords = {"old_password": PASSWORD, "new_password": NEW_PASSWORD}
        changed = self.exchange(
            "Change the password", "POST", "/api/auth/password/change", body=passwords, token=one.access
        )
        self.expect("204", changed.status_code == 204)
        here = self.exchange("Who am I, here", "GET", "/api/auth/me", token=one.access)
        there = self.exchange("Who am I, on the other device", "GET", "/api/auth/me", token=other.access)
        self.expect("200 here, 401 there", here.status_code == 200 and _is_refusal(there))

        self.exchange("Forget the password", "POST", "/api/auth/password/reset", body={"email": email})
        new_one = {"token": self.mailed("Set a new password", email), "password": PASSWORD}
        path = "/api/auth/password/reset/confirm"
        reset = self.exchange("Set a new one, with the token of the mail", "POST", path, body=new_one)
        self.expect("204", reset.status_code == 204)
        twice = self.exchange("The same link once more", "POST", path, body=new_one)
        self.expect("400: it was good once", twice.status_code == 400)
        last = _tokens(self.exchange("Log in with it", "POST", "/api/auth/login", body=wanted))
        gone = self.exchange("Log out everywhere", "POST", "/api/auth/logout/all", token=last.access)
        self.expect("204", gone.status_code == 204)

    def log_in(self, title: str, password: str) -> httpx.Response:
        """Log in as the user that the demo made."""
        return self.exchange(title, "POST", "/api/auth/login", body={"email": EMAIL, "password": password})

    def mailed(self, subject: str, email: str) -> str:
        """Return the token of the link in a mail, once it is there; what is no token if it never comes."""
        deadline = time.monotonic() + MAIL_TIMEOUT
        while time.monotonic() < deadline:
            for message in _json_list(_json_object(self._client.get("/server/outbox.json")).get("messages")):
                link = re.search(r"#\w+=(\S+)", message["text"])
                if (message["to"], message["subject"]) == (email, subject) and link:
                    print(f"\n   mail to {email}: {subject}")
                    return link[1]
            time.sleep(POLL_INTERVAL)
        self.expect(f"a mail to {email}", holds=False)
        return "none"

    def exchange(
        self,
        title: str,
        method: str,
        path: str,
        *,
        body: dict[str, str] | None = None,
        token: str | None = None,
        cookie: str | None = None,
    ) -> httpx.Response:
        """Send one request, and show it and its answer."""
        self._steps += 1
        headers = {}
        print(f"\n{self._paint('1', f'{self._steps}. {title}')}")
        print(f"   > {method} {path}")
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
            print(f"   > Authorization: Bearer {_shorten(token)}")
        if cookie is not None:
            headers |= {"Cookie": f"{COOKIE}={cookie}", "X-Requested-With": "demo"}
            print(f"   > Cookie: {COOKIE}={_shorten(cookie)}")
        if body is not None:
            print(f"   > {_show_fields(body)}")
        started = time.perf_counter()
        response = self._client.request(method, path, json=body, headers=headers)
        milliseconds = (time.perf_counter() - started) * 1000
        print(f"   < {response.status_code} {response.reason_phrase} ({milliseconds:.0f} ms)")
        if "WWW-Authenticate" in response.headers:
            print(f"   < WWW-Authenticate: {response.headers['WWW-Authenticate']}")
        if response.content:
            print(f"   < {_show_body(response)}")
        return response

    def expect(self, expected: str, holds: bool) -> None:
        """Show whether an expectation holds, and count it if it does not."""
        mark = self._paint("32", "✓") if holds else self._paint("31", "✗")
        print(f"   {mark} expected: {expected}")
        self.failures += not holds

    def _paint(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._color else text


def change_one_character(token: str) -> str:
    """Put another letter in the place of one near the end, in the signature and in what :func:`_shorten` shows."""
    place = max(len(token) - 5, 0)
    return token[:place] + ("B" if token[place : place + 1] == "A" else "A") + token[place + 1 :]


def _tokens(response: httpx.Response) -> Tokens:
    cookie = SimpleCookie(response.headers.get("Set-Cookie", "")).get(COOKIE)
    return Tokens(str(_json_object(response).get("access_token", "")), cookie.value if cookie else "")


def _is_granted(response: httpx.Response) -> bool:
    cookie = SimpleCookie(response.headers.get("Set-Cookie", "")).get(COOKIE)
    return (
        response.status_code == 200
        and _json_object(response).get("token_type") == "bearer"
        and bool(cookie and cookie["httponly"] and cookie["secure"])
    )


def _is_refusal(response: httpx.Response) -> bool:
    return (
        response.status_code == 401
        and response.headers.get("WWW-Authenticate") == "Bearer"
        and _json_object(response).keys() == {"detail", "code"}
    )


def _json_object(response: httpx.Response) -> dict[str, Any]:
    try:
        value = response.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _json_list(value: object) -> list[dict[str, Any]]:
    return value if isinstance(value, list) else []


def _show_body(response: httpx.Response) -> str:
    fields = _json_object(response)
    if not fields:
        return _shorten(response.text)
    return _show_fields(fields)


def _show_fields(fields: Mapping[str, Any]) -> str:
    return json.dumps({name: _shorten(value) if "token" in name else value for name, value in fields.items()})


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:16]}...{text[-8:]}"

"""E-mail addresses and the links that mails carry. Pure.

An address has one canonical form, whose unique key says whose it is; mail goes to the address as it was given. A link
has a token of a purpose: a JWT under a key of that purpose alone, bound to a fingerprint of the account, so that it
dies when it is used, and whenever the password, the address, its verification or (for a reset) the last login changes.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ferrauth.accounts.errors import ConfigurationError, InvalidInput, InvalidLink
from ferrauth.accounts.sessions import password_stamp
from ferrauth.exceptions import InvalidTokenError
from ferrauth.keys import KeyRing

if TYPE_CHECKING:
    from ferrauth.accounts.account_effects import Account
    from ferrauth.accounts.policy import Policy

__all__ = ["MAX_EMAIL", "Email", "Link", "Purpose", "canonical_email", "mint", "parse_email", "read", "state"]

MAX_EMAIL = 254
"""Characters of an address: what fits into a path of SMTP (RFC 5321, section 4.5.3.1.3; RFC 3696, errata 1690). Capped
before normalising, whose cost grows faster than the text (CVE-2023-46695)."""

MAX_LOCAL = 64
"""Bytes of the part before the ``@`` (RFC 5321, section 4.5.3.1.1)."""

MAX_TOKEN = 2_048
"""Characters of a token: the claims with an address of 254 characters of four bytes each, in base64url, fit."""

_LOCAL = re.compile(r"[^@\s.,:;<>()\[\]\\\"]+(?:\.[^@\s.,:;<>()\[\]\\\"]+)*")
"""RFC 5322's dot-atom, with any letter for RFC 6531; no quoted strings, in which nothing is what it seems."""

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?=[a-z0-9-]*[a-z]){_LABEL}")
"""Host names in ASCII (RFC 1123, section 2.1), two labels at least; the last is no number."""


class Email(NamedTuple):
    """An address: where mail goes, and the one form that tells it from others."""

    address: str
    canonical: str


def parse_email(text: str) -> Email:
    """Read an e-mail address.

    The canonical form is NFKC and case folded as a whole, the domain in ASCII (IDNA). The address keeps the case that
    the local part was given in, and is NFKC otherwise. Spaces around it are dropped.

    Raises:
        InvalidInput: It is none, or one that no account may have: controls, spaces, invisible characters, surrogates.
    """
    text = text.strip(" ") if len(text) <= MAX_EMAIL else ""
    if any(unicodedata.category(one)[0] in "CZ" for one in text):
        raise InvalidInput((("email", "invalid"),))
    local, at, domain = unicodedata.normalize("NFKC", text).rpartition("@")
    folded = unicodedata.normalize("NFKC", local.casefold())
    try:
        host = unicodedata.normalize("NFKC", domain.casefold()).encode("idna").decode("ascii").lower()
    except UnicodeError:
        host = ""
    address, canonical = f"{local}@{host}", f"{folded}@{host}"
    if (
        not at
        or _LOCAL.fullmatch(local) is None
        or _LOCAL.fullmatch(folded) is None
        or _DOMAIN.fullmatch(host) is None
        or max(len(part.encode()) for part in (local, folded)) > MAX_LOCAL
        or max(len(address), len(canonical)) > MAX_EMAIL
    ):
        raise InvalidInput((("email", "invalid"),))
    return Email(address, canonical)


def canonical_email(text: str) -> str | None:
    """Return the canonical form of an address, and ``None`` for what is none."""
    try:
        return parse_email(text).canonical
    except InvalidInput:
        return None


class Purpose(enum.StrEnum):
    """What a link is good for."""

    VERIFY = "verify"
    CHANGE = "change"
    RESET = "reset"


@dataclass(frozen=True)
class Link:
    """What a token that was verified says."""

    purpose: Purpose
    user_id: str
    address: str
    """The address that it proves; for :attr:`Purpose.CHANGE`, the new one."""
    state: str


def state(purpose: Purpose, account: Account) -> str:
    """Return the fingerprint of what a link must find unchanged: SHA-256 in hexadecimal.

    A login ends a reset (whoever knows the password needs none), and no verification: who registers may log in first.
    """
    user = account.user
    parts = [user.id, account.canonical, account.verified, password_stamp(user.id, user.password)]
    if purpose is Purpose.RESET:
        parts.append(account.last_login)
    encoded = [part.encode() for part in parts]
    return hashlib.sha256(b"".join(b"%d:%b" % (len(part), part) for part in encoded)).hexdigest()


def mint(policy: Policy, purpose: Purpose, account: Account, *, address: str) -> str:
    """Make the token of a link.

    Args:
        policy: For the keys, the clock and the lifetime.
        purpose: What it is good for.
        account: Whose it is, as it is now.
        address: Where it is sent, and what it proves.
    """
    now = int(policy.clock().timestamp())
    claims = {"sub": account.user.id, "email": address, "state": state(purpose, account)}
    return _ring(policy, purpose).encode({**claims, "iat": now, "exp": now + lifetime(policy, purpose)}, now=now)


def lifetime(policy: Policy, purpose: Purpose) -> int:
    """Return the seconds that a link is good for."""
    settings = policy.settings
    return settings.password_reset_lifetime if purpose is Purpose.RESET else settings.email_verify_lifetime


def read(policy: Policy, token: str, *purposes: Purpose) -> Link:
    """Read a token of one of the purposes.

    Raises:
        InvalidLink: It is none, or has expired.
    """
    if len(token) <= MAX_TOKEN:
        for purpose in purposes:
            try:
                claims = _ring(policy, purpose).decode(
                    token,
                    now=int(policy.clock().timestamp()),
                    options={"require": ["sub", "email", "state", "iat", "exp"]},
                    typ=_type(purpose),
                )
            except (InvalidTokenError, UnicodeError):
                continue
            return Link(purpose, claims["sub"], claims["email"], claims["state"])
    raise InvalidLink


def matches(link: Link, account: Account) -> bool:
    """Tell whether an account is as it was when the link was made."""
    return account.user.id == link.user_id and hmac.compare_digest(state(link.purpose, account), link.state)


def _ring(policy: Policy, purpose: Purpose) -> KeyRing:
    if policy.secrets is None:
        raise ConfigurationError("Links in mails need a secret: the policy has none.")
    name = f"ferrauth {purpose} link"
    return KeyRing([key.derive(name, issuer=policy.settings.issuer, typ=_type(purpose)) for key in policy.secrets.keys])


def _type(purpose: Purpose) -> str:
    return f"{purpose}+jwt"

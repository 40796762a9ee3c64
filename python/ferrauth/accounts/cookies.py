"""The refresh token in a cookie: how it is set, and what a request with it must show. Pure.

The cookie is named ``__Host-`` (RFC 6265bis, section 4.1.3.2: no other host can set it, and no subdomain), is hidden
from scripts, and is sent to its own site only. A form of another site cannot add a header, and a script of another
origin can only after the browser has asked this one (CORS): so a request that the cookie lets in must have one. That
holds where ``SameSite`` does not, on sibling subdomains and in old browsers (THREATS J114).
"""

from __future__ import annotations

from typing import Literal

__all__ = ["CSRF_HEADER", "FETCH_SITE_HEADER", "NAME", "PATH", "SAME_SITE", "is_own"]

NAME = "__Host-refresh_token"

PATH = "/"
"""``__Host-`` asks for it, for ``Secure`` and for no ``Domain``."""

SAME_SITE: Literal["Strict"] = "Strict"

CSRF_HEADER = "X-Requested-With"
"""Any value will do: what counts is that a form cannot send it (OWASP CSRF Prevention, "custom request headers")."""

FETCH_SITE_HEADER = "Sec-Fetch-Site"

OWN_SITES = frozenset({"same-origin", "same-site"})
"""What a browser says of a request of the project's own pages (Fetch Metadata, section 2.1)."""


def is_own(requested_with: str | None, fetch_site: str | None) -> bool:
    """Say whether a request with the cookie comes from the project's own pages.

    Args:
        requested_with: The header :data:`CSRF_HEADER`.
        fetch_site: What the browser says of where the request comes from; old ones say nothing.
    """
    return bool(requested_with) and (fetch_site is None or fetch_site in OWN_SITES)

"""The page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.shortcuts import render
from django.views.decorators.http import require_safe

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        # What a script writes into the page is text: the browser refuses it as HTML.
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show the page. It holds nothing of anybody's: its script asks the API."""
    response = render(request, "web/page.html", {"is_development": settings.DEBUG})
    response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response

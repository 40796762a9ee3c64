"""The page, and in development what it shows of the server: the mails that went out, and the lanes at work."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from backend.web.logins import recent_logins
from backend.web.outbox import read_outbox
from ferrauth import build_info

if TYPE_CHECKING:
    from collections.abc import Callable

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


def development_only(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Let a view be found in development alone."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if not settings.DEBUG:
            raise Http404
        return view(request)

    return guarded


@development_only
@require_safe
@never_cache
def outbox(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Show the mails that went out, the newest first."""
    return JsonResponse({"messages": read_outbox()})


@development_only
@require_safe
@never_cache
def lanes(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Show what this process derives at the moment."""
    info = build_info()
    return JsonResponse(
        {
            "kernel": info["kernel"],
            "lanes": info["lanes"] * info["threads"],
            "lanes_busy": info["lanes_busy"],
            "queued": info["queued"],
            "logins_per_second": recent_logins(),
        }
    )

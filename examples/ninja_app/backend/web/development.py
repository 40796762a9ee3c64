"""What the page shows of the server: the mails that went out, and the lanes at work.

The routes are here, and ``backend.config.urls`` takes them in under ``DEBUG``: production has none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import JsonResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from backend.web.crowd import let_in
from backend.web.logins import recent_logins
from backend.web.outbox import read_outbox
from ferrauth import build_info

if TYPE_CHECKING:
    from django.http import HttpRequest


@require_safe
@never_cache
def outbox(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Show the mails that went out, the newest first."""
    return JsonResponse({"messages": read_outbox()})


@require_safe
@never_cache
def lanes(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Show what this process derives at the moment."""
    info = build_info()
    return JsonResponse(
        {
            "kernel": info["kernel"],
            "threads": info["threads"],
            "lanes_each": info["lanes"],
            "lanes_busy": info["lanes_busy"],
            "queued": info["queued"],
            "logins_per_second": recent_logins(),
        }
    )


@require_POST
@never_cache
def crowd(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Let a crowd log in. Django's middleware has seen the page's CSRF token before: no other site starts one."""
    return JsonResponse(let_in())


urlpatterns = [
    path("lanes.json", lanes, name="lanes"),
    path("outbox.json", outbox, name="outbox"),
    path("crowd", crowd, name="crowd"),
]

"""What Django's error reports may show of a request to an account endpoint: where it failed, and no value.

A report goes to a page with DEBUG, and else into a mail to ADMINS, with the variables of every frame. Those of a login
hold the password.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.views.debug import SafeExceptionReporterFilter

if TYPE_CHECKING:
    from types import FrameType

    from django.http import HttpRequest

__all__ = ["hide_variables"]


class ValuelessFilter(SafeExceptionReporterFilter):
    """Shows the names of variables and none of their values, in production and not."""

    def get_traceback_frame_variables(self, request: HttpRequest | None, tb_frame: FrameType) -> Any:  # noqa: ARG002
        """Return a frame's variables, hidden."""
        return [(name, self.cleansed_substitute) for name in tb_frame.f_locals]

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:  # noqa: ARG002
        """Return nothing of a form: these endpoints take none."""
        return {}


_filter = ValuelessFilter()


def hide_variables(request: HttpRequest) -> None:
    """Make Django report errors of this request without any value."""
    request.exception_reporter_filter = _filter

"""The application behind the page."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Counts logins for the page's strip."""

    name = "backend.web"
    label = "web"

    def ready(self) -> None:
        """Begin to count."""
        from backend.web.logins import count_logins

        count_logins()

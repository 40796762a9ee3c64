"""The application ``users``."""

from django.apps import AppConfig


class UsersConfig(AppConfig):
    """The user model and its admin page."""

    name = "backend.users"
    label = "users"

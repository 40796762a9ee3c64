"""Settings from the environment: where the database is, and ferrauth's own under ``FERRAUTH_``."""

from pydantic_settings import BaseSettings

from ferrauth.fastapi import AuthSettings


class Settings(BaseSettings):
    """The application's own settings."""

    database_url: str = "sqlite+aiosqlite:///var/db.sqlite3"
    """The database of the Django project."""


settings = Settings()
auth_settings = AuthSettings()
"""Among them ``FERRAUTH_SECRET_KEY``, the Django project's SECRET_KEY."""

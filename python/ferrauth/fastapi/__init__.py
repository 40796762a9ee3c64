"""FastAPI on ferrauth: one ``Auth`` object, on a user table that Django and SQLAlchemy share. It needs no Django."""

from ferrauth.fastapi.auth import Auth
from ferrauth.fastapi.dependencies import Refused
from ferrauth.fastapi.errors import register_exception_handlers
from ferrauth.fastapi.logins import authenticate_user
from ferrauth.fastapi.mail import ConsoleMailer, Mailer, OutgoingMail, SmtpMailer
from ferrauth.fastapi.models import AuditEvent, AuthUser, EmailAddress, RefreshSession, metadata
from ferrauth.fastapi.permissions import load_permissions
from ferrauth.fastapi.settings import AuthSettings

__all__ = [
    "AuditEvent",
    "Auth",
    "AuthSettings",
    "AuthUser",
    "ConsoleMailer",
    "EmailAddress",
    "Mailer",
    "OutgoingMail",
    "RefreshSession",
    "Refused",
    "SmtpMailer",
    "authenticate_user",
    "load_permissions",
    "metadata",
    "register_exception_handlers",
]

"""Log in, and ask who one is, as applications do by hand: ``authenticate()``, PyJWT, a bearer class."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import jwt
from backend.users.models import User
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.models import update_last_login
from django.urls import path
from ninja import NinjaAPI, Schema
from ninja.security import HttpBearer

if TYPE_CHECKING:
    from django.http import HttpRequest

ALGORITHM = "HS256"


class Credentials(Schema):
    """What a login takes."""

    email: str
    password: str


class Bearer(HttpBearer):
    """Reads the token, and loads its user."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:  # noqa: ARG002
        """Return the user of a token."""
        try:
            claims = jwt.decode(token, settings.SECRET_KEY, algorithms=[ALGORITHM])
        except jwt.InvalidTokenError:
            return None
        return User.objects.filter(pk=claims["user_id"], is_active=True).first()


api = NinjaAPI()


@api.post("/auth/login", response={200: dict, 401: dict})
def login(request: HttpRequest, body: Credentials) -> tuple[int, dict[str, Any]]:
    """Exchange a password for tokens."""
    user = authenticate(request, email=body.email, password=body.password)
    if user is None:
        return 401, {"detail": "wrong"}
    update_last_login(User, user)
    return 200, {f"{kind}_token": _token(user, kind) for kind in ("access", "refresh")}


@api.get("/auth/me", auth=Bearer())
def me(request: HttpRequest) -> dict[str, Any]:
    """Show whom the token names."""
    user: Any = request.auth  # type: ignore[attr-defined]
    return {"id": str(user.pk), "email": user.email}


def _token(user: Any, kind: str) -> str:
    now = datetime.now(UTC)
    claims = {"token_type": kind, "user_id": str(user.pk), "jti": uuid4().hex, "iat": now}
    return jwt.encode({**claims, "exp": now + timedelta(minutes=5)}, settings.SECRET_KEY, algorithm=ALGORITHM)


urlpatterns = [path("api/", api.urls)]

"""The API: closed unless an operation says otherwise."""

from django.conf import settings
from django.contrib.admin.views.decorators import staff_member_required
from ninja import NinjaAPI

from backend.api.auth.router import router as auth_router
from backend.api.errors import register_error_handlers
from ferrauth.ninja import JWTAuth

api = NinjaAPI(
    title="Ninja application on ferrauth",
    version="1.0.0",
    description="Log in with `POST /api/auth/login`, then give its `access_token` to **Authorize**.",
    auth=JWTAuth(),
    # Outside development only staff may read the API page.
    docs_decorator=None if settings.DEBUG else staff_member_required,
)
register_error_handlers(api)
api.add_router("/auth", auth_router)

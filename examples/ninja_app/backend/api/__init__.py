"""The API: closed unless an operation says otherwise."""

from django.conf import settings
from django.contrib.admin.views.decorators import staff_member_required
from ninja import NinjaAPI

from backend.api.schemas import Me
from ferrauth.ninja import JWTAuth, make_router, register_exception_handlers

api = NinjaAPI(
    title="Ninja application on ferrauth",
    version="1.0.0",
    description="Log in with `POST /api/auth/login`, then give its `access_token` to **Authorize**.",
    auth=JWTAuth(),
    # Outside development only staff may read the API page.
    docs_decorator=None if settings.DEBUG else staff_member_required,
)
register_exception_handlers(api)  # For the endpoints that the application will have of its own.
api.add_router("/auth", make_router(me=Me))

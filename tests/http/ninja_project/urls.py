"""The API: one router, nothing else mounted. Beside it, the paths of the package that a project may come from, and an
API of the project's own."""

from django.http import HttpRequest
from django.urls import path
from ninja import NinjaAPI

from ferrauth.ninja import JWTAuth, make_router, register_exception_handlers

api = NinjaAPI()
api.add_router("/auth/", make_router())

legacy = NinjaAPI(urls_namespace="legacy", docs_url=None)
legacy.add_router("/", make_router(compat="ninja-jwt"))

own = NinjaAPI(urls_namespace="own", docs_url=None)
register_exception_handlers(own)


@own.get("/editors", auth=JWTAuth(permissions=["auth.add_group"]))
def editors(request: HttpRequest) -> dict[str, str]:
    """Greet whoever may make groups."""
    return {"hello": "editor"}


urlpatterns = [path("legacy/", legacy.urls), path("own/", own.urls), path("", api.urls)]

"""The API: one router, nothing else mounted. Beside it, the paths of the package that a project may come from."""

from django.urls import path
from ninja import NinjaAPI

from ferrauth.ninja import make_router

api = NinjaAPI()
api.add_router("/auth/", make_router())

legacy = NinjaAPI(urls_namespace="legacy", docs_url=None)
legacy.add_router("/", make_router(compat="ninja-jwt"))

urlpatterns = [path("legacy/", legacy.urls), path("", api.urls)]

"""The routes: the page, the API, and Django's admin."""

from django.conf import settings
from django.contrib import admin
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import include, path

from backend.api import api
from backend.web import views

urlpatterns = [
    path("", views.page, name="page"),
    path("api/", api.urls),
    path("admin/", admin.site.urls),
    # What the page shows of the server: mails with their links, so never in production.
    *([path("server/", include("backend.web.development"))] if settings.DEBUG else []),
    # Empty unless DEBUG. In production the web server serves what `collectstatic` gathers in STATIC_ROOT.
    *staticfiles_urlpatterns(),
]

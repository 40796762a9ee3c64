"""The routes: the API, and Django's admin."""

from django.contrib import admin
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import path

from backend.api import api

urlpatterns = [
    path("api/", api.urls),
    path("admin/", admin.site.urls),
    # Empty unless DEBUG. In production the web server serves what `collectstatic` gathers in STATIC_ROOT.
    *staticfiles_urlpatterns(),
]

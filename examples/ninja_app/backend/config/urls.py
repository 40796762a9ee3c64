"""The routes: the page, the API, and Django's admin."""

from django.contrib import admin
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import path

from backend.api import api
from backend.web import views

urlpatterns = [
    path("", views.page, name="page"),
    path("server/lanes.json", views.lanes, name="lanes"),
    path("server/outbox.json", views.outbox, name="outbox"),
    path("api/", api.urls),
    path("admin/", admin.site.urls),
    # Empty unless DEBUG. In production the web server serves what `collectstatic` gathers in STATIC_ROOT.
    *staticfiles_urlpatterns(),
]

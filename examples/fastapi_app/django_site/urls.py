"""The admin, and the same account operations as FastAPI's, by Django Ninja."""

from django.contrib import admin
from django.urls import path
from ninja import NinjaAPI

from ferrauth.ninja import JWTAuth, make_router

api = NinjaAPI(auth=JWTAuth(), docs_url=None)
api.add_router("/auth/", make_router())

urlpatterns = [path("admin/", admin.site.urls), path("api/", api.urls)]

"""The user's admin page: Django's, for an e-mail address in place of a user name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm

from backend.users.models import User

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


class CreationForm(AdminUserCreationForm):
    """A new user: an address and a password."""

    class Meta:
        """Django's form names its own model."""

        model = User
        fields = ("email",)


class ChangeForm(UserChangeForm):
    """An existing user."""

    class Meta:
        """Django's form names its own model."""

        model = User
        fields = "__all__"


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """Lists every user, deleted ones too, so that a deletion can be taken back."""

    form = ChangeForm
    add_form = CreationForm
    ordering = ("email",)
    search_fields = ("email",)
    list_display = ("email", "is_email_verified", "is_active", "is_deleted", "is_staff", "date_joined")
    list_filter = ("is_email_verified", "is_active", "is_deleted", "is_staff")
    readonly_fields = ("date_joined", "last_login")
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        ("State", {"fields": ("is_email_verified", "is_active", "is_deleted")}),
        ("Rights", {"fields": ("is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "usable_password", "password1", "password2")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:  # noqa: ARG002
        """Start at the manager that hides no one."""
        return User.all_objects.order_by(*self.ordering)

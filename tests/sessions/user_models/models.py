"""User models as projects have them, each of which some detail of the session's query could trip over."""

from __future__ import annotations

import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class VisibleUsers(BaseUserManager["UuidUser"]):
    """Hides soft-deleted users, in another order than the key's, and joins what it needs not."""

    def get_queryset(self) -> models.QuerySet[UuidUser]:
        return super().get_queryset().filter(deleted_at__isnull=True).order_by("-email")


class UuidUser(AbstractBaseUser):
    """A UUID key, logins by e-mail, and a default manager that hides rows."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)
    deleted_at = models.DateTimeField(null=True)

    USERNAME_FIELD = "email"
    objects = VisibleUsers()


class Person(AbstractBaseUser):
    """The parent of a multi-table inheritance, which has the password."""

    email = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)
    objects: BaseUserManager[Person] = BaseUserManager()


class ChildUser(Person):
    """A user whose columns are spread over two tables."""

    nickname = models.CharField(max_length=30, default="")
    USERNAME_FIELD = "email"


class TextUser(AbstractBaseUser):
    """A natural key, and no columns for what Django's own user has: a last login, and inactive users."""

    email = models.CharField(primary_key=True, max_length=100)
    last_login = None

    USERNAME_FIELD = "email"
    objects: BaseUserManager[TextUser] = BaseUserManager()


class IntegerUser(AbstractBaseUser):
    """The usual key."""

    email = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "email"
    objects: BaseUserManager[IntegerUser] = BaseUserManager()


class OwnEmailUser(AbstractBaseUser):
    """Addresses and their flags in columns of its own, and a name besides; a manager that hides deleted users."""

    email = models.EmailField(unique=True)
    is_email_verified = models.BooleanField(default=False)
    username = models.CharField(max_length=30, unique=True)
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    objects: BaseUserManager[OwnEmailUser] = BaseUserManager()

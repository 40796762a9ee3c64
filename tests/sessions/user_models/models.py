"""User models as projects have them, each of which some detail of the session's query could trip over."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection  # noqa: TC003 (Django's stubs are read with it.)
from typing import Any

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


class Shouted(models.CharField):  # type: ignore[type-arg]
    """Text that the database has in lower case, and Python in capitals."""

    def from_db_value(self, value: str, expression: object, connection: object) -> str:
        return value.upper()

    def get_prep_value(self, value: str) -> str:
        return value.lower()


class OddUser(AbstractBaseUser):
    """Columns whose values each database makes in its own way, and a ``from_db`` that notes what it is given."""

    email = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)
    shouted = Shouted(max_length=20, default="hello", db_column="a column of its own")
    balance = models.DecimalField(max_digits=8, decimal_places=2, default="12.50")
    patience = models.DurationField(default=datetime.timedelta(minutes=90, microseconds=7))
    born = models.DateField(default=datetime.date(1815, 12, 10))
    wakes = models.TimeField(default=datetime.time(6, 30))
    blob = models.BinaryField(default=b"\x00\xff")
    extra = models.JSONField(default=dict)
    host = models.GenericIPAddressField(default="2001:db8::1")
    weight = models.FloatField(default=0.1)
    friend = models.ForeignKey("self", models.SET_NULL, null=True)

    USERNAME_FIELD = "email"
    objects: BaseUserManager[OddUser] = BaseUserManager()

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any], **options: Any) -> OddUser:
        user = super().from_db(db, field_names, values, **options)
        user.noted = dict(zip(field_names, values, strict=True))  # type: ignore[attr-defined]
        return user


class OwnEmailUser(AbstractBaseUser):
    """Addresses and their flags in columns of its own, and a name besides; a manager that hides deleted users."""

    email = models.EmailField(unique=True)
    is_email_verified = models.BooleanField(default=False)
    username = models.CharField(max_length=30, unique=True)
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    objects: BaseUserManager[OwnEmailUser] = BaseUserManager()

"""The user: a UUID for a key, an e-mail address to log in with, deleted by a mark."""

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from backend.users.managers import UserManager


class User(AbstractBaseUser, PermissionsMixin):
    """Someone who can log in.

    The key goes into tokens as ``sub``, so it is random: a number would tell how many users there are.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True, error_messages={"unique": "This address is taken."})
    is_email_verified = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True, help_text="Clear this to lock the user out.")
    is_staff = models.BooleanField(default=False, help_text="May log in to the admin.")
    is_deleted = models.BooleanField(default=False, help_text="The row stays; the user is gone.")
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    # The first manager is the default one, which Django's login starts at.
    objects: ClassVar[UserManager] = UserManager()
    all_objects: ClassVar[models.Manager["User"]] = models.Manager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"

    class Meta:
        """Newest first, as the admin shows them."""

        ordering = ("-date_joined",)

    def clean(self) -> None:
        """Bring the address into its stored form, and refuse that of a deleted user.

        Raises:
            ValidationError: The address belongs to a row that ``objects`` hides. Django's own check of uniqueness
                asks the default manager, and the database's would be a server error.
        """
        super().clean()
        self.email = User.objects.normalize_email(self.email)
        hidden = User.all_objects.filter(email=self.email, is_deleted=True)
        if hidden.exclude(pk=self.pk).exists():
            raise ValidationError({"email": "This address is taken."})

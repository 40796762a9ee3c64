"""The users."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models


class Member(AbstractUser):
    """A user as ``AbstractUser`` has it, by another key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)

"""The managers of :class:`~backend.users.models.User`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import BaseUserManager

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from backend.users.models import User


class UserManager(BaseUserManager["User"]):
    """Finds users by e-mail in any case, and hides the ones that were deleted.

    ``ModelBackend`` and ``JWTAuth`` start at the default manager, so who is hidden can neither log in nor use a token
    made before.
    """

    def get_queryset(self) -> QuerySet[User]:
        """Leave out the rows that ``is_deleted`` marks."""
        return super().get_queryset().filter(is_deleted=False)

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Write an address in the one form that is stored: Django's, in lower case throughout.

        RFC 5321, section 2.3.11 lets a mail server tell ``Ada@`` from ``ada@``. None in use does, and two accounts
        that differ in nothing else are one person's mistake or another's attack.
        """
        return super().normalize_email(email).lower()

    def get_by_natural_key(self, username: str | None) -> User:
        """Find whom a login names."""
        return self.get(email=self.normalize_email(username))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make a user; without a password, one that no password opens.

        Raises:
            ValueError: The address is empty.
        """
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make a user who may do everything, as ``manage.py createsuperuser`` does."""
        return self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})

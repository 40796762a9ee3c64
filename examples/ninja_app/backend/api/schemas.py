"""What the API shows that is the application's own."""

from __future__ import annotations

from uuid import UUID  # noqa: TC003 (pydantic reads the annotations when the application starts)

from ninja import Schema


class Me(Schema):
    """The user whose token came with the request."""

    id: UUID
    email: str
    is_email_verified: bool

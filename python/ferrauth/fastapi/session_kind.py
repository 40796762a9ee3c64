"""What ferrauth is given a session of: SQLAlchemy's asynchronous one, or SQLModel's, which is one."""

from __future__ import annotations

__all__ = ["refuse_sync"]


def refuse_sync(session: object) -> None:
    """Refuse a session that would block the event loop, as the official template's ``SessionDep`` gives one.

    Args:
        session: What the caller has for a session. A proxy such as ``async_scoped_session`` will do.

    Raises:
        TypeError: It is no asynchronous session.
    """
    if not hasattr(session, "run_sync"):
        kind = type(session)
        raise TypeError(
            f"ferrauth needs an AsyncSession (sqlalchemy.ext.asyncio's, or sqlmodel.ext.asyncio.session's), and this "
            f'is a {kind.__module__}.{kind.__qualname__}. See docs/fastapi.md, "Into FastAPI\'s template".'
        )

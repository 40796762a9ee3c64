"""Authentication: all of it is ``auth``, and what is left here is the application's own."""

from typing import Annotated

from fastapi import Depends

from app.auth.models import User
from app.database import sessionmaker
from app.settings import auth_settings
from ferrauth.fastapi import Auth, ConsoleMailer
from ferrauth.passwords import DEFAULT_ITERATIONS, Policy

auth = Auth(
    auth_settings,
    sessionmaker,
    user_model=User,
    mailer=ConsoleMailer(),
    # The one cost of both servers: django_site/hashers.py has the same.
    password_policy=Policy(iterations=DEFAULT_ITERATIONS),
)

CurrentUser = Annotated[User, Depends(auth.current_user)]
StaffUser = Annotated[User, Depends(auth.require(staff=True))]

"""Authentication: all of it is ``auth``, and what is left here is the application's own."""

from typing import Annotated

from fastapi import Depends

from app.auth.models import User
from app.database import sessionmaker
from app.settings import auth_settings
from ferrauth.fastapi import Auth, ConsoleMailer

auth = Auth(auth_settings, sessionmaker, user_model=User, mailer=ConsoleMailer())

CurrentUser = Annotated[User, Depends(auth.current_user)]
StaffUser = Annotated[User, Depends(auth.require(staff=True))]

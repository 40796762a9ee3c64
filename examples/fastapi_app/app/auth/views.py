"""The application's own endpoints for users. Logging in, refreshing and the rest are ``auth.router``'s."""

from fastapi import APIRouter, HTTPException
from sqlalchemy.exc import IntegrityError

from app.auth import CurrentUser, StaffUser, auth
from app.auth.models import User
from app.auth.schemas import NewUser, Profile, ProfileChange
from app.auth.utils.hashers import make_password
from app.database import SessionDep

router = APIRouter(prefix="/users", tags=["users"])


@router.get("/me", response_model=Profile)
async def show_me(user: CurrentUser) -> User:
    """Show whom the token names."""
    return user


@router.put("/me", response_model=Profile)
async def change_me(change: ProfileChange, user: CurrentUser, session: SessionDep) -> User:
    """Change the names of whom the token names."""
    mine = await session.merge(user, load=False)
    mine.first_name, mine.last_name = change.first_name, change.last_name
    await session.commit()
    return mine


@router.get("/{username}", response_model=Profile)
async def show(username: str, staff: StaffUser, session: SessionDep) -> User:  # noqa: ARG001
    """Show any user, to staff."""
    user = await User.objects(session).get(username=username)
    if user is None:
        raise HTTPException(404, "There is no such user.")
    return user


@router.post("", response_model=Profile, status_code=201)
async def make(new: NewUser, staff: StaffUser, session: SessionDep) -> User:  # noqa: ARG001
    """Make a user, as staff; whoever it is can log in at Django, too."""
    user = User(username=new.username)
    auth.validate_password(new.password, user)
    user.password = await make_password(new.password)
    session.add(user)
    try:
        await session.commit()
    except IntegrityError:
        # Asked of the database alone: between a look and an insert, another request may take the name.
        raise HTTPException(409, "The name is taken.") from None
    return user

"""What the application's own endpoints take and give."""

from pydantic import BaseModel, ConfigDict, Field


class Profile(BaseModel):
    """What is shown of a user."""

    model_config = ConfigDict(from_attributes=True)

    username: str
    first_name: str
    last_name: str


class ProfileChange(BaseModel):
    """What a user may change of its own."""

    model_config = ConfigDict(extra="forbid")

    first_name: str = Field(max_length=150)
    last_name: str = Field(max_length=150)


class NewUser(BaseModel):
    """A user whom staff makes."""

    model_config = ConfigDict(extra="forbid")

    username: str = Field(min_length=1, max_length=150, pattern=r"^[\w.@+-]+$")
    password: str = Field(min_length=8, max_length=4096, repr=False)

"""What the application's own endpoints take and give."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints


def normalize(name: str) -> str:
    """Return a name as Django's ``create_user`` stores it: one spelling, so that no two users look the same."""
    return unicodedata.normalize("NFKC", name)


Username = Annotated[
    str, AfterValidator(normalize), StringConstraints(min_length=1, max_length=150, pattern=r"^[\w.@+-]+$")
]


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

    username: Username
    password: str = Field(max_length=4096, repr=False)

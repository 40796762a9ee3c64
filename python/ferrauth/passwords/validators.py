"""Django's four rules for new passwords, under the setting that Django has for them, where there is no Django.

``make_validators`` reads a list such as ``AUTH_PASSWORD_VALIDATORS``: Django's names mean Django's own classes in
a process where Django's settings are configured. In any other they mean those of this module, with the same options
and the same codes. Validators of a project's own are imported and used as they are.
"""

from __future__ import annotations

import gzip
import re
import sys
from difflib import SequenceMatcher
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "DEFAULT_VALIDATORS",
    "CommonPasswordValidator",
    "MinimumLengthValidator",
    "NumericPasswordValidator",
    "PasswordRefused",
    "PasswordValidator",
    "UserAttributeSimilarityValidator",
    "make_validators",
    "refusals",
]

DJANGO = "django.contrib.auth.password_validation."

DEFAULT_VALIDATORS: Sequence[Mapping[str, Any]] = tuple(
    {"NAME": DJANGO + name}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
)
"""What ``django-admin startproject`` writes into a project's ``AUTH_PASSWORD_VALIDATORS``."""

MINIMUM_LENGTH = 8
"""Characters; Django's default, and what NIST SP 800-63B asks for at least."""

MAX_SIMILARITY = 0.7
"""From what ratio on a password is like an attribute of its user; Django's default."""

LONGEST_RATIO = 10
"""A password that many times longer than an attribute is not compared with it, whose cost grows with both
(CVE-2021-45115)."""

COMMON_PASSWORDS = Path(__file__).with_name("common-passwords.txt.gz")


class PasswordRefused(ValueError):
    """A new password breaks a rule.

    Attributes:
        code: A stable word for the rule, as Django's validators have it.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class PasswordValidator(Protocol):
    """A rule for new passwords, shaped as Django's are."""

    def validate(self, password: str, user: Any = None) -> None:
        """Return if the password may be used.

        Raises:
            PasswordRefused: It may not; or Django's ``ValidationError``.
        """
        ...


class MinimumLengthValidator:
    """Refuses what is too short.

    Args:
        min_length: Characters.
    """

    def __init__(self, min_length: int = MINIMUM_LENGTH) -> None:
        self.min_length = min_length

    def validate(self, password: str, user: Any = None) -> None:  # noqa: ARG002
        """Return if the password is long enough."""
        if len(password) < self.min_length:
            raise PasswordRefused("password_too_short")


class NumericPasswordValidator:
    """Refuses what is digits alone."""

    def validate(self, password: str, user: Any = None) -> None:  # noqa: ARG002
        """Return if there is anything but digits in the password."""
        if password.isdigit():
            raise PasswordRefused("password_entirely_numeric")


class CommonPasswordValidator:
    """Refuses what many people use.

    Args:
        password_list_path: A list of passwords in lower case, one a line, gzipped or not; Django's by default.
    """

    def __init__(self, password_list_path: str | Path = COMMON_PASSWORDS) -> None:
        self.passwords = _read_list(Path(password_list_path))

    def validate(self, password: str, user: Any = None) -> None:  # noqa: ARG002
        """Return if the password is not on the list."""
        if password.lower().strip() in self.passwords:
            raise PasswordRefused("password_too_common")


class UserAttributeSimilarityValidator:
    """Refuses what is like something that is known of the user.

    Args:
        user_attributes: Attributes to compare with, whole and in their parts.
        max_similarity: The ratio (``difflib``'s quick one) from which on it is refused; from 0.1 to 1.
    """

    ATTRIBUTES = ("username", "first_name", "last_name", "email")

    def __init__(self, user_attributes: Iterable[str] = ATTRIBUTES, max_similarity: float = MAX_SIMILARITY) -> None:
        if max_similarity < 0.1:
            raise ValueError("max_similarity must be at least 0.1")
        self.user_attributes = tuple(user_attributes)
        self.max_similarity = max_similarity

    def validate(self, password: str, user: Any = None) -> None:
        """Return if the password is like none of the user's attributes."""
        folded = password.lower()
        for name in self.user_attributes if user is not None else ():
            value = getattr(user, name, None)
            if not value or not isinstance(value, str):
                continue
            text = value.lower()
            for part in (*re.split(r"\W+", text), text):
                if self._is_like(folded, part):
                    raise PasswordRefused("password_too_similar")

    def _is_like(self, password: str, part: str) -> bool:
        if len(password) >= LONGEST_RATIO * len(part) and len(part) < self.max_similarity / 2 * len(password):
            return False
        return SequenceMatcher(a=password, b=part).quick_ratio() >= self.max_similarity


_OWN: Mapping[str, type[Any]] = {
    DJANGO + kind.__name__: kind
    for kind in (
        UserAttributeSimilarityValidator,
        MinimumLengthValidator,
        CommonPasswordValidator,
        NumericPasswordValidator,
    )
}


def make_validators(setting: Sequence[Mapping[str, Any]]) -> list[PasswordValidator]:
    """Return the validators that a setting such as ``AUTH_PASSWORD_VALIDATORS`` names.

    Args:
        setting: For each its dotted ``NAME``, and perhaps its ``OPTIONS``.

    Raises:
        ImportError: There is no such validator.
        TypeError: It has no such options.
    """
    in_django = _django_is_configured()
    found = []
    for entry in setting:
        name = str(entry["NAME"])
        kind = _OWN[name] if name in _OWN and not in_django else _import(name)
        found.append(kind(**entry.get("OPTIONS", {})))
    return found


def refusals(validators: Iterable[PasswordValidator], password: str, user: object) -> list[str]:
    """Return the codes of all rules that a password breaks.

    Args:
        validators: The rules.
        password: The new password.
        user: Whose it shall be.
    """
    codes = []
    for validator in validators:
        try:
            validator.validate(password, user)
        except PasswordRefused as refusal:
            codes.append(refusal.code)
        except Exception as error:
            # Django's ValidationError, whose class is not imported where there is no Django.
            parts = getattr(error, "error_list", None)
            if parts is None:
                raise
            codes += [part.code or "invalid" for part in parts]
    return codes


@cache
def _read_list(path: Path) -> frozenset[str]:
    data = path.read_bytes()
    text = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    return frozenset(line.strip() for line in text.decode().splitlines())


def _django_is_configured() -> bool:
    # Where nothing has imported it, nothing has configured it; and it is not imported for the question.
    conf: Any = sys.modules.get("django.conf")
    return conf is not None and bool(conf.settings.configured)


def _import(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(import_module(module), attribute)
    except AttributeError:
        raise ImportError(f"{name} is no password validator.") from None

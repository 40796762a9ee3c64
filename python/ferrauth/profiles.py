"""Costs of passwords, each named after who recommends it.

>>> from ferrauth import make_password, profiles
>>> row = make_password("secret", iterations=profiles.OWASP_PBKDF2.iterations)
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ALL", "Profile", "get"]

_DJANGO = 'Django {0} release notes, "django.contrib.auth"; PBKDF2PasswordHasher.iterations of Django {0}'
_OWASP = 'OWASP Password Storage Cheat Sheet, section "{}"'
_RFC_9106 = 'RFC 9106, section 4, "Parameter Choice", {} recommended option'


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A cost, and whose it is."""

    name: str
    algorithm: str
    """Django's name of the format."""
    parameters: Mapping[str, int]
    """Under the names of Django's hasher: ``iterations``; ``memory_cost`` (KiB), ``time_cost``, ``parallelism``;
    ``work_factor``, ``block_size``, ``parallelism``; or ``rounds``."""
    source: str
    """Where it is recommended."""

    @property
    def iterations(self) -> int:
        """PBKDF2 iterations.

        Raises:
            ValueError: This is a profile of another algorithm.
        """
        if "iterations" not in self.parameters:
            raise ValueError(f"{self.name} is a profile of {self.algorithm}, which has no iterations.")
        return self.parameters["iterations"]


def _profile(name: str, algorithm: str, source: str, **parameters: int) -> Profile:
    return Profile(name=name, algorithm=algorithm, parameters=MappingProxyType(parameters), source=source)


def _django(release: str, iterations: int) -> Profile:
    name = f"django_{release.replace('.', '_')}"
    return _profile(name, "pbkdf2_sha256", _DJANGO.format(release), iterations=iterations)


DJANGO_4_2 = _django("4.2", 600_000)
DJANGO_5_0 = _django("5.0", 720_000)
DJANGO_5_1 = _django("5.1", 870_000)
DJANGO_5_2 = _django("5.2", 1_000_000)
DJANGO_6_0 = _django("6.0", 1_200_000)
DJANGO_6_1 = _django("6.1", 1_500_000)

OWASP_PBKDF2 = _profile("owasp_pbkdf2", "pbkdf2_sha256", _OWASP.format("PBKDF2"), iterations=600_000)

DJANGO_ARGON2 = _profile(
    "django_argon2",
    "argon2",
    "Argon2PasswordHasher of Django 3.2 to 6.1",
    memory_cost=102_400,
    time_cost=2,
    parallelism=8,
)
OWASP_ARGON2 = _profile(
    "owasp_argon2", "argon2", _OWASP.format("Argon2id"), memory_cost=19_456, time_cost=2, parallelism=1
)
RFC_9106_FIRST = _profile(
    "rfc_9106_first", "argon2", _RFC_9106.format("first"), memory_cost=2_097_152, time_cost=1, parallelism=4
)
RFC_9106_SECOND = _profile(
    "rfc_9106_second", "argon2", _RFC_9106.format("second"), memory_cost=65_536, time_cost=3, parallelism=4
)

DJANGO_SCRYPT = _profile(
    "django_scrypt",
    "scrypt",
    "ScryptPasswordHasher of Django 5.1 to 6.1",
    work_factor=2**14,
    block_size=8,
    parallelism=5,
)
OWASP_SCRYPT = _profile(
    "owasp_scrypt", "scrypt", _OWASP.format("scrypt"), work_factor=2**17, block_size=8, parallelism=1
)

DJANGO_BCRYPT = _profile("django_bcrypt", "bcrypt_sha256", "BCryptSHA256PasswordHasher of Django 1.6 to 6.1", rounds=12)
OWASP_BCRYPT = _profile("owasp_bcrypt", "bcrypt", _OWASP.format("bcrypt"), rounds=10)

ALL = tuple(value for value in list(globals().values()) if isinstance(value, Profile))
"""Every profile."""


def get(name: str) -> Profile:
    """Return the profile of that name.

    Raises:
        KeyError: There is none; the message names all.
    """
    for profile in ALL:
        if profile.name == name:
            return profile
    raise KeyError(f"{name} is no profile. There are: {', '.join(profile.name for profile in ALL)}.")

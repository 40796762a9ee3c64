"""The review's ``test_jwt_handler.py``, rebuilt: tokens as the application makes and reads them, now by ferrauth.

The review's own cases are known by the file's name and their number, not one by one: with ``test_auth_api.py`` they are
23. Those whose names begin with ``test_gap_`` are of the four that its finding 15 asks for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.examples.conftest import Example

PREPARE = """
import time
from uuid import UUID, uuid4
import django
django.setup()
from backend.users.models import User
from django.conf import settings
from ferrauth import jwt
from ferrauth.django.conf import get_issuer
from ferrauth.django.tokens import decode_token, generate_tokens, get_user_from_token
from ferrauth.exceptions import InvalidTokenError
from ferrauth.keys import KeyRing
from ferrauth.tokens import TokenIssuer

def refused(token, kind="access"):
    try:
        decode_token(token, kind)
    except InvalidTokenError:
        return get_user_from_token(token) is None
    return False

user = User.objects.create_user(f"{uuid4()}@example.com", is_email_verified=True)
pair = generate_tokens(user)
"""
"""What every case begins with, in the example's own process: a user, and the tokens of a session."""


def holds(example: Example, case: str, **env: str) -> None:
    """Run a case in the example; what it asserts and does not hold is in the message."""
    done = example.python("-c", PREPARE + case, **env)
    assert done.returncode == 0, done.stderr


def test_an_access_token_names_its_user_by_the_uuid(example: Example) -> None:
    holds(example, "assert UUID(decode_token(pair.access).sub) == user.pk")


def test_each_token_says_what_it_is_for(example: Example) -> None:
    holds(
        example,
        """
assert decode_token(pair.access).token_type == "access"
assert decode_token(pair.refresh, "refresh").token_type == "refresh"
""",
    )


def test_an_access_token_lives_as_long_as_the_settings_say(example: Example) -> None:
    holds(
        example,
        """
claims = decode_token(pair.access)
assert claims.exp - claims.iat == settings.FERRAUTH["ACCESS_LIFETIME"].total_seconds()
""",
    )


def test_a_refresh_token_outlives_the_access_token(example: Example) -> None:
    holds(example, "assert pair.refresh_expires_at > pair.access_expires_at > pair.issued_at")


def test_times_are_utc_whatever_the_machines_zone(example: Example) -> None:
    # Of a naive local time, read as UTC, the token would be half a day old or half a day early.
    case = """
before = int(time.time())
claims = decode_token(generate_tokens(user).access)
assert before <= claims.iat <= int(time.time())
"""
    holds(example, case, TZ="Pacific/Auckland")


def test_a_refresh_token_is_no_access_token(example: Example) -> None:
    holds(example, "assert refused(pair.refresh)")


def test_an_access_token_is_no_refresh_token(example: Example) -> None:
    holds(
        example,
        """
try:
    decode_token(pair.access, "refresh")
except InvalidTokenError:
    pass
else:
    raise AssertionError("It was taken.")
""",
    )


def test_what_is_no_token_is_refused(example: Example) -> None:
    holds(example, 'assert all(refused(text) for text in ("", "no token", "a.b.c", "é.ü.ö", "x" * 100_000))')


def test_a_token_of_another_secret_is_refused(example: Example) -> None:
    holds(
        example,
        """
claims = decode_token(pair.access)
other = TokenIssuer(KeyRing.from_secrets(["another secret, long enough for every rule that there is"]))
assert refused(other.generate_tokens(user.pk, sid=claims.sid, gen=claims.gen).access)
""",
    )


def test_a_token_signed_with_the_raw_secret_key_is_refused(example: Example) -> None:
    holds(
        example,
        """
now = int(time.time())
claims = {"sub": str(user.pk), "token_type": "access", "iat": now, "exp": now + 60, "jti": "0" * 32}
assert refused(jwt.encode(claims, settings.SECRET_KEY, algorithm="HS256", headers={"typ": "at+jwt"}))
""",
    )


def test_a_token_leads_to_its_user(example: Example) -> None:
    holds(example, "assert get_user_from_token(pair.access) == user")


def test_a_token_of_a_deleted_user_leads_nowhere(example: Example) -> None:
    holds(
        example,
        """
user.is_deleted = True
user.save()
assert get_user_from_token(pair.access) is None
""",
    )


def test_gap_expired_token(example: Example) -> None:
    holds(
        example,
        """
claims = decode_token(pair.access)
lifetime = claims.exp - claims.iat
def made(seconds_ago):
    return get_issuer().generate_tokens(
        user.pk, sid=claims.sid, gen=claims.gen, issued_at=claims.iat - seconds_ago
    ).access
assert get_user_from_token(made(0)) == user
assert refused(made(lifetime))
""",
    )


def test_gap_tampered_token(example: Example) -> None:
    # The last character of a part may hold bits that no byte has. The reader is strict, so these count too.
    holds(
        example,
        """
for position, character in enumerate(pair.access):
    other = "A" if character != "A" else "B"
    assert refused(pair.access[:position] + other + pair.access[position + 1 :]), position
""",
    )

"""Types of the compiled core. Import ``ferrauth``, not this: its names may change between releases."""

from asyncio import Future
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from json import JSONEncoder
from typing import Any, Final, Literal, Self, final

__all__ = [
    "DEFAULT_ITERATIONS",
    "JOB_SIZE",
    "Admission",
    "Claims",
    "Job",
    "Key",
    "KeyRing",
    "Policy",
    "TokenIssuer",
    "TokenPair",
    "__version__",
    "admit",
    "argon2",
    "bcrypt",
    "build_info",
    "check_password",
    "check_passwords",
    "constant_time_compare",
    "decode",
    "decode_complete",
    "decode_unverified",
    "encode",
    "export_private_jwk",
    "export_private_pem",
    "formats",
    "get_unverified_header",
    "is_outdated",
    "iterations_executed",
    "make_password",
    "make_passwords",
    "matches",
    "max_iterations",
    "max_wait",
    "md5",
    "measure_floor",
    "pbkdf2_hmac",
    "pool_counters",
    "random_text",
    "scrypt",
    "set_max_iterations",
    "set_max_wait",
    "set_max_wait_sync",
    "set_memory_budget",
    "set_threads",
    "shut_down",
    "start_check",
    "start_make",
    "verify_and_update",
    "work_of",
    "wrap_passwords",
]

__version__: Final[str]
DEFAULT_ITERATIONS: Final[int]
JOB_SIZE: Final[int]
"""Bytes that the core keeps of a queued derivation."""

def build_info() -> dict[str, Any]:
    """Tell what this build is and what it runs on.

    Returns:
        ``version``; ``profile`` (``"release"`` or ``"debug"``); ``kernel``, the code that derives for logins, and
        ``bulk_kernel``, that for batches; ``kernels``, all that are compiled in, each with ``name``, ``lanes`` (a
        list of counts) and ``available``; ``lanes``, how many logins share a core; ``threads``, how many cores derive;
        ``memory_budget``, bytes that memory-hard derivations may take at once; ``lanes_busy`` and ``queued``, how many
        derivations run and wait at this moment.

    Raises:
        ValueError: ``FERRAUTH_KERNEL`` names no kernel that runs here (the message names those that do), or
            ``FERRAUTH_THREADS`` is not a whole number of at least 1.
    """

def pool_counters() -> dict[str, int]:
    """Return what the pool of this process has done since it started, and what it holds now.

    Returns:
        ``slices``, ``iterations``, ``admissions`` to a lane, ``moves`` to idle threads, ``swaps`` of bulk for logins,
        ``cancellations``, ``submitted``, ``finished``, ``refusals`` and ``widest`` (lanes of one worker) so far;
        ``queued``, ``lanes_busy``, ``reserved`` and ``workers`` now. All 0 before the first derivation.
    """

def measure_floor(rounds: int, /) -> float | None:
    """Time ``rounds`` times the 64 dependent SHA instructions that no iteration can do without.

    Returns:
        Nanoseconds an iteration; ``None`` on a machine without x86's SHA instructions.
    """

def set_threads(threads: int, /) -> None:
    """Set how many threads derive; ``FERRAUTH_THREADS`` goes before it. Counts for a pool that has not started.

    Raises:
        ValueError: It is 0.
    """

def max_wait() -> tuple[float | None, float | None]:
    """Return how long an asynchronous and a synchronous caller wait at most, in seconds; ``None`` for ever."""

def set_max_wait(seconds: float | None, /) -> None:
    """Set how long an asynchronous caller waits at most, 10 seconds at first; ``None`` for ever.

    Raises:
        ValueError: It is negative or not finite.
    """

def set_max_wait_sync(seconds: float | None, /) -> None:
    """Set how long a synchronous caller waits at most, for ever at first.

    Raises:
        ValueError: It is negative or not finite.
    """

@final
class Admission:
    """A place in the pool for one login: what is derived with it is never refused."""

    def release(self) -> None:
        """Give the place back. It can be released many times; after that nothing is derived with it."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *exception: object) -> None: ...

@final
class Job:
    """A derivation that a future waits for."""

    def cancel(self) -> None:
        """Give the derivation up, if it has not ended. Its lane is free within about half a millisecond."""

def admit(is_async: bool, /) -> Admission:
    """Reserve a place for one login.

    Args:
        is_async: Whether the limit for asynchronous callers counts, or that for synchronous ones.

    Raises:
        HasherBusy: More work waits than the caller would wait for.
    """

def start_make(
    future: Future[str],
    password: str | bytes,
    salt: str | bytes | None,
    iterations: int,
    admission: Admission | None,
    /,
) -> Job: ...
def start_check(
    future: Future[tuple[bool, bool, str | None]],
    password: object,
    encoded: object,
    policy: Policy | int,
    renew: bool,
    admission: Admission | None,
    /,
) -> Job: ...
def shut_down() -> None:
    """End all threads of the pool, promptly and for good. Called when the interpreter exits."""

def constant_time_compare(a: str | bytes, b: str | bytes, /) -> bool:
    """Tell whether two texts are equal, in a time that depends on their lengths alone.

    Args:
        a: Text or bytes; text is compared as its UTF-8.
        b: Text or bytes.

    Raises:
        TypeError: One of them is neither.
    """

def iterations_executed() -> int:
    """Return how many PBKDF2 iterations this process has executed."""

def max_iterations() -> int:
    """Return the highest iteration count that this process accepts."""

def set_max_iterations(value: int, /) -> None:
    """Set the highest iteration count that this process accepts, 10,000,000 at first.

    Raises:
        ValueError: It is not a whole number of at least 1.
    """

def random_text(length: int, /) -> str:
    """Return that many letters and digits from the operating system's generator."""

def pbkdf2_hmac(
    hash_name: str, password: str | bytes, salt: str | bytes, iterations: int, dklen: int | None = None
) -> bytes:
    """Derive a key by PBKDF2-HMAC (RFC 8018, section 5.2), with ``hashlib.pbkdf2_hmac``'s signature.

    Args:
        hash_name: ``"sha1"``, ``"sha256"`` or ``"sha512"``.
        password: The password; text counts as its UTF-8.
        salt: The salt.
        iterations: From 1 to the cap.
        dklen: Bytes of the key; the digest's length by default.

    Raises:
        ValueError: The digest, the iterations or ``dklen`` is not one of these, or a text holds a lone surrogate.
        TypeError: The password or the salt is neither ``str`` nor ``bytes``.
    """

def set_memory_budget(bytes: int | None, /) -> None:
    """Set the memory, in bytes, that argon2 and scrypt derivations together may take at once.

    Args:
        bytes: ``None`` for the default, a quarter of the smaller of the control group's limit and the RAM. One
            derivation may always run.
    """

def formats() -> list[str]:
    """Return Django's names of all formats that can verify."""

def work_of(encoded: object, /) -> tuple[str, int] | None:
    """Return a stored row's format and its work, in PBKDF2-HMAC-SHA256 iterations; ``None`` if it cannot be read."""

def is_outdated(encoded: object, policy: Policy | int, /) -> bool | None:
    """Tell whether a stored row is weaker than a new one; ``None`` if it cannot be read."""

def matches(password: str | bytes, encoded: object, /) -> bool:
    """Tell whether a password is a row's, in any format, at the row's own cost: nothing is added for equal work."""

def argon2(
    password: str | bytes,
    salt: str | bytes,
    *,
    variety: str,
    version: int,
    memory_cost: int,
    time_cost: int,
    parallelism: int,
    length: int,
) -> bytes:
    """Derive a key by Argon2 (RFC 9106).

    Args:
        password: The password; text counts as its UTF-8.
        salt: 8 to 64 bytes.
        variety: ``"argon2d"``, ``"argon2i"`` or ``"argon2id"``.
        version: 16 or 19.
        memory_cost: KiB.
        time_cost: Passes.
        parallelism: Lanes.
        length: Bytes of the key, 16 to 64.

    Raises:
        ValueError: The cost is outside the caps, or a text holds a lone surrogate.
    """

def scrypt(password: str | bytes, salt: str, *, n: int, r: int, p: int) -> bytes:
    """Derive a key of 64 bytes by scrypt (RFC 7914).

    Raises:
        ValueError: The cost is outside the caps, or a text holds a lone surrogate.
    """

def bcrypt(password: str | bytes, cost: int, salt: str, /) -> str:
    """Return the 31 characters that bcrypt writes behind a cost and a salt of 22 characters.

    Raises:
        ValueError: The cost is not one from 4 to 15, the salt is none, or the password holds a lone surrogate.
    """

def md5(password: str | bytes, salt: str, /) -> str:
    """Return the MD5 of salt and password, in hexadecimal."""

@final
class Policy:
    """What a password costs here.

    Args:
        iterations: Those of a new ``pbkdf2_sha256`` row, 1,500,000 by default.
        model: In place of ``iterations``: a stored row, whosever, of the format and cost that new ones have.
        formats: Names of the formats that verify, all but ``md5`` by default.
        floor: The least work of a failure, in PBKDF2-HMAC-SHA256 iterations. A failure costs what a new row costs at
            least; where a table holds rows that cost more, or rows of formats that do, set it to the costliest row's
            work (``manage.py password_report`` prints it), and a failure no longer tells such a user from nobody.

    Raises:
        ValueError: A value is outside the caps, a format is unknown, or the model is no row.
    """

    def __new__(
        cls,
        *,
        iterations: int | None = None,
        model: str | None = None,
        formats: Iterable[str] | None = None,
        floor: int = 0,
    ) -> Policy: ...
    @property
    def iterations(self) -> int | None:
        """The iterations of a new ``pbkdf2_sha256`` row; ``None`` where new rows are of another format."""

    @property
    def floor(self) -> int:
        """The work of every failure, in PBKDF2-HMAC-SHA256 iterations."""

def make_password(
    password: str | bytes,
    salt: str | bytes | None,
    iterations: int,
    admission: Admission | None = None,
    algorithm: str = "pbkdf2_sha256",
    /,
) -> str: ...
def check_password(
    password: object, encoded: object, policy: Policy | int, admission: Admission | None = None, /
) -> tuple[bool, bool]: ...
def verify_and_update(
    password: object, encoded: object, policy: Policy | int, admission: Admission | None = None, /
) -> tuple[bool, str | None]: ...
def wrap_passwords(
    rows: Sequence[object],
    iterations: int,
    progress: Callable[[int, int], object] | None = None,
    /,
) -> list[str | None]: ...
def make_passwords(
    passwords: Sequence[str | bytes],
    iterations: int,
    progress: Callable[[int, int], object] | None = None,
    /,
) -> list[str]: ...
def check_passwords(
    pairs: Sequence[tuple[object, object]],
    policy: Policy | int,
    progress: Callable[[int, int], object] | None = None,
    /,
) -> list[bool]: ...
def decode(
    jwt: str | bytes,
    key: str | bytes | Key | KeyRing | None = None,
    algorithms: Iterable[str] | None = None,
    options: dict[str, Any] | None = None,
    *,
    audience: str | Iterable[str] | None = None,
    subject: str | None = None,
    issuer: str | Iterable[str] | None = None,
    leeway: float | timedelta | None = None,
    now: int | None = None,
) -> dict[str, Any]:
    """Verify a token and return its claims.

    Args:
        jwt: The token.
        key: A secret; a :class:`Key` or a :class:`KeyRing`, which bring their algorithms.
        algorithms: The algorithms that are allowed. Required where the key is a text. Never take them from the token.
        options: ``require``, a list of claims that must be there; ``verify_exp``, ``verify_nbf``, ``verify_iat``,
            ``verify_aud``, ``verify_iss``, ``verify_sub``, ``verify_jti`` to leave a claim unchecked; ``strict_aud``;
            ``max_length`` of the token, 8192 bytes by default and 65536 at most.
        audience: Who the verifier is; any one must be in ``aud``. Without it, a token with ``aud`` is refused.
        subject: The one ``sub``.
        issuer: The one ``iss``, or several.
        leeway: Seconds that clocks may differ by, 120 at most.
        now: Seconds since 1970 in place of the clock.

    Returns:
        The claims, in a new dict.

    Raises:
        InvalidTokenError: The token is refused; the subclass says why.
        InvalidKeyError: The key is none for these algorithms.
        TypeError: The token is neither ``str`` nor ``bytes``.
    """

def decode_complete(
    jwt: str | bytes,
    key: str | bytes | Key | KeyRing | None = None,
    algorithms: Iterable[str] | None = None,
    options: dict[str, Any] | None = None,
    *,
    audience: str | Iterable[str] | None = None,
    subject: str | None = None,
    issuer: str | Iterable[str] | None = None,
    leeway: float | timedelta | None = None,
    now: int | None = None,
) -> dict[str, Any]:
    """As :func:`decode`, but return ``header``, ``payload`` and ``signature``."""

def encode(
    payload: dict[str, Any],
    key: str | bytes | Key | KeyRing,
    algorithm: str | None = ...,
    headers: dict[str, Any] | None = None,
    json_encoder: type[JSONEncoder] | None = None,
    sort_headers: bool = True,
) -> str:
    """Sign claims.

    Args:
        payload: The claims. A ``datetime`` as ``exp``, ``nbf`` or ``iat`` becomes whole seconds.
        key: A secret; a :class:`Key`; a :class:`KeyRing`, whose first key in force signs.
        algorithm: HS256 by default for a text; a key brings its own.
        headers: Parameters of the header beside ``alg``.
        json_encoder: Writes what JSON has no form for.
        sort_headers: ``True``: the header's parameters are in alphabetical order.

    Raises:
        InvalidAlgorithmError: ``algorithm`` is none that ferrauth knows, or not the key's; ``None`` for a text.
        InvalidKeyError: The key cannot sign with this algorithm, or not now.
        ValueError: The claims are none that a verifier would read: a naive ``datetime``, NaN, NUL, a lone surrogate,
            an integer beyond 64 bits, more than 64 members, more than 16 levels, more than 64 KiB.
        TypeError: The payload is no ``dict``, or holds what JSON has no form for.
    """

def get_unverified_header(jwt: str | bytes) -> dict[str, Any]:
    """Return the header of a token that nothing vouches for.

    Raises:
        InvalidTokenError: It is no header that a verifier would read.
    """

def decode_unverified(jwt: str | bytes, /) -> dict[str, Any]:
    """Return the claims of a token that nothing vouches for: neither signature nor claims are checked.

    Raises:
        InvalidTokenError: It holds no claims that a verifier would read.
    """

def export_private_jwk(key: Key, /) -> dict[str, Any]:
    """Return the whole key as a JWK: who reads it can sign.

    Raises:
        InvalidKeyError: Only the public half is there.
    """

def export_private_pem(key: Key, /) -> str:
    """Return the private key as PEM (PKCS#8): who reads it can sign.

    Raises:
        InvalidKeyError: Only the public half is there, or it is an HMAC secret, for which there is no PEM.
    """

@final
class Key:
    """One key, for one algorithm. Its repr shows no secret, and its copies of secrets are wiped."""

    @classmethod
    def from_secret(
        cls,
        secret: str | bytes,
        algorithm: str = "HS256",
        *,
        kid: str | None = None,
        not_before: int | datetime | None = None,
        not_after: int | datetime | None = None,
    ) -> Key:
        """Return a key from an HMAC secret.

        Args:
            secret: At least as many bytes as the algorithm's hash has (RFC 7518, section 3.2).
            algorithm: HS256, HS384 or HS512.
            kid: Its name in headers.
            not_before: The first second in which it signs and verifies.
            not_after: The first second in which it no longer does.

        Raises:
            InvalidKeyError: The secret is too short, or the algorithm is none of these.
        """

    @classmethod
    def from_pem(
        cls,
        pem: str | bytes,
        algorithm: str | None = None,
        *,
        kid: str | None = None,
        not_before: int | datetime | None = None,
        not_after: int | datetime | None = None,
    ) -> Key:
        """Return a key from PEM: a private key, or a public one that only verifies.

        Args:
            pem: One key in PKCS#8, PKCS#1, SEC 1 or SubjectPublicKeyInfo, not under a password.
            algorithm: May be left out for P-256 (ES256), P-384 (ES384) and Ed25519 (EdDSA).
            kid: Its name in headers.
            not_before: The first second in which it signs and verifies.
            not_after: The first second in which it no longer does.

        Raises:
            InvalidKeyError: It is no such key, another algorithm's, or a weak one: an RSA modulus below 2048 bits (RFC
                7518, section 3.3), a point off its curve or of small order.
        """

    @classmethod
    def from_jwk(
        cls,
        jwk: dict[str, Any] | str | bytes,
        algorithm: str | None = None,
        *,
        kid: str | None = None,
        not_before: int | datetime | None = None,
        not_after: int | datetime | None = None,
    ) -> Key:
        """Return a key from a JWK (RFC 7517), private, public or ``oct``.

        Args:
            jwk: The JWK, or its JSON.
            algorithm: May be left out where the JWK has ``alg`` or its curve decides.
            kid: Its name in headers; the JWK's own by default.
            not_before: The first second in which it signs and verifies.
            not_after: The first second in which it no longer does.

        Raises:
            InvalidKeyError: It is no such key, for another use or algorithm, or a weak one.
        """

    @classmethod
    def generate(
        cls,
        algorithm: str = "HS256",
        *,
        kid: str | None = None,
        not_before: int | datetime | None = None,
        not_after: int | datetime | None = None,
    ) -> Key:
        """Return a new key: for an HMAC as many random bytes as its hash has, for RSA a modulus of 3072 bits."""

    @property
    def algorithm(self) -> str:
        """The name of the one algorithm."""

    @property
    def kid(self) -> str | None:
        """The key's name in headers."""

    @property
    def not_before(self) -> int | None:
        """The first second in which it signs and verifies."""

    @property
    def not_after(self) -> int | None:
        """The first second in which it no longer does."""

    @property
    def can_sign(self) -> bool:
        """Whether the key signs, and does not only verify."""

    def thumbprint(self) -> str:
        """Return the SHA-256 thumbprint (RFC 7638), in base64url."""

    def public(self) -> Key:
        """Return the public half.

        Raises:
            InvalidKeyError: This is an HMAC secret.
        """

    def to_jwk(self) -> dict[str, Any]:
        """Return the public half as a JWK.

        Raises:
            InvalidKeyError: This is an HMAC secret.
        """

    def to_pem(self) -> str:
        """Return the public half as PEM.

        Raises:
            InvalidKeyError: This is an HMAC secret.
        """

    def derive(self, purpose: str, *, issuer: str | None = None, typ: str = "JWT") -> Key:
        """Return the key that a purpose and an issuer give, by HKDF-SHA-256 (RFC 5869).

        Args:
            purpose: What the derived key is for; another purpose gives a key that knows nothing of this one.
            issuer: Who uses it.
            typ: The type of the tokens that it signs.

        Raises:
            InvalidKeyError: This is no HMAC secret.
        """

    def encode(self, payload: dict[str, Any], headers: dict[str, Any] | None = None) -> str:
        """Sign claims, as ``jwt.encode`` does."""

    def decode(
        self,
        token: str | bytes,
        *,
        audience: str | Iterable[str] | None = None,
        issuer: str | Iterable[str] | None = None,
        subject: str | None = None,
        leeway: float | timedelta | None = None,
        options: dict[str, Any] | None = None,
        typ: str | None = None,
        now: int | None = None,
    ) -> dict[str, Any]:
        """Verify a token and return its claims, as ``jwt.decode`` does; ``typ`` is the one type of token."""

@final
class KeyRing:
    """Keys that stand for each other: the first that is in force signs, all verify, ``kid`` says which."""

    def __new__(cls, keys: Iterable[Key], *, cache: int = 0) -> KeyRing:
        """Return a ring.

        Args:
            keys: The signing key first. At most two may be without ``kid``. Secrets or key pairs, not both.
            cache: How many tokens that key pairs verified are remembered. Seen again, only their signature is not
                checked again; everything else is.

        Raises:
            InvalidKeyError: There is no key, a ``kid`` twice, too many keys without one, or secrets and key pairs.
        """

    @classmethod
    def from_secrets(cls, secrets: Iterable[str | bytes], algorithm: str = "HS256") -> KeyRing:
        """Return a ring to derive keys from, out of secrets: the first signs, all verify.

        Its keys neither sign nor verify themselves; a ``TokenIssuer`` and ``Key.derive`` make keys that do. Each is
        named by a hash of its secret, so that secrets can be rotated with no user logged out.

        Raises:
            InvalidKeyError: There is no secret, one of fewer than 32 bytes (RFC 7518, section 3.2), or a public key in
                the dress of one.
        """

    @property
    def keys(self) -> list[Key]:
        """The keys, the signing one first."""

    @property
    def cache_info(self) -> tuple[int, int]:
        """How many verified tokens are remembered, and how many can be."""

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """Return the public halves of the keys, as a JWKS (RFC 7517, section 5).

        Raises:
            InvalidKeyError: The keys are HMAC secrets.
        """

    def encode(self, payload: dict[str, Any], headers: dict[str, Any] | None = None, *, now: int | None = None) -> str:
        """Sign claims with the first key that is in force.

        Raises:
            InvalidKeyError: No key is.
        """

    def decode(
        self,
        token: str | bytes,
        *,
        audience: str | Iterable[str] | None = None,
        issuer: str | Iterable[str] | None = None,
        subject: str | None = None,
        leeway: float | timedelta | None = None,
        options: dict[str, Any] | None = None,
        typ: str | None = None,
        now: int | None = None,
    ) -> dict[str, Any]:
        """Verify a token with the key that it names and return its claims, as ``jwt.decode`` does."""

    def __len__(self) -> int: ...

@final
class TokenIssuer:
    """Makes and verifies access and refresh tokens, each kind with a ``typ``, a ``token_type`` and a key of its own."""

    def __new__(
        cls,
        keys: KeyRing | Key | Iterable[Key],
        access_lifetime: float | timedelta | None = None,
        refresh_lifetime: float | timedelta | None = None,
        issuer: str | None = None,
        audience: str | None = None,
        *,
        leeway: float | timedelta | None = None,
    ) -> TokenIssuer:
        """Return an issuer.

        Args:
            keys: What keys are derived from; the first in force signs.
            access_lifetime: Seconds; 300 by default.
            refresh_lifetime: Seconds; 14 days by default.
            issuer: ``iss``, which is part of every key.
            audience: ``aud``.
            leeway: Seconds that clocks may differ by, 120 at most.

        Raises:
            ValueError: A lifetime below a second, a leeway out of range, an empty name.
            InvalidKeyError: Keys cannot be derived from these.
        """

    def generate_tokens(
        self,
        user_id: object,
        /,
        *,
        sid: str | None = None,
        gen: int | None = None,
        issued_at: int | datetime | None = None,
        expires_by: int | datetime | None = None,
        **claims: Any,
    ) -> TokenPair:
        """Make an access and a refresh token.

        Args:
            user_id: The user's primary key (``int``, ``str``, ``UUID``, ...); ``sub`` is its exact string.
            sid: The session. With ``gen``, the token ids are a function of both: the same call gives the same pair.
            gen: The session's generation.
            issued_at: ``iat`` in place of the clock.
            expires_by: The moment that neither token outlives.
            claims: Further claims of both tokens, 54 at most.

        Raises:
            TypeError: ``user_id`` is no primary key, such as ``None`` of a user that is not saved.
            ValueError: A claim is the issuer's to set, or none that a verifier would read.
            InvalidKeyError: No key is in force.
        """

    def decode_token(
        self, token: str | bytes, token_type: Literal["access", "refresh"] = "access", *, now: int | None = None
    ) -> Claims:
        """Verify a token and return its claims.

        Args:
            token: The token.
            token_type: The kind it must be of.
            now: Seconds since 1970 in place of the clock.

        Raises:
            InvalidTokenError: It is no such token; the subclass says why.
            TypeError: It is neither ``str`` nor ``bytes``.
        """

    @property
    def issuer(self) -> str | None:
        """``iss`` of the tokens."""

    @property
    def audience(self) -> str | None:
        """``aud`` of the tokens."""

    @property
    def access_lifetime(self) -> int:
        """The life of an access token, in seconds."""

    @property
    def refresh_lifetime(self) -> int:
        """The life of a refresh token, in seconds."""

@final
class TokenPair:
    """An access token and the refresh token that renews it."""

    @property
    def access(self) -> str:
        """The access token."""

    @property
    def refresh(self) -> str:
        """The refresh token."""

    @property
    def access_jti(self) -> str:
        """``jti`` of the access token."""

    @property
    def refresh_jti(self) -> str:
        """``jti`` of the refresh token."""

    @property
    def access_expires_at(self) -> int:
        """``exp`` of the access token."""

    @property
    def refresh_expires_at(self) -> int:
        """``exp`` of the refresh token."""

    @property
    def issued_at(self) -> int:
        """``iat`` of both tokens."""

    @property
    def expires_in(self) -> int:
        """The life of the access token, in seconds."""

@final
class Claims:
    """The claims of a verified token, as attributes and as a read-only mapping."""

    @property
    def sub(self) -> str:
        """Whom the token speaks of: the exact string of a primary key."""

    @property
    def jti(self) -> str:
        """The token's id."""

    @property
    def iat(self) -> int:
        """When the token was made, in seconds since 1970."""

    @property
    def exp(self) -> int:
        """When the token ends, in seconds since 1970."""

    @property
    def token_type(self) -> str:
        """What the token is for: ``"access"`` or ``"refresh"``."""

    @property
    def iss(self) -> str | None:
        """Who made the token."""

    @property
    def aud(self) -> str | None:
        """Whom the token is for."""

    @property
    def sid(self) -> str | None:
        """The token's session."""

    @property
    def gen(self) -> int | None:
        """The session's generation."""

    def get(self, name: str, default: Any = None, /) -> Any:
        """Return the claim of that name, or the default."""

    def to_dict(self) -> dict[str, Any]:
        """Return all claims, in a new dict."""

    def __getitem__(self, name: str, /) -> Any: ...
    def __contains__(self, name: object, /) -> bool: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...

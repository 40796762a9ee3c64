"""What ferrauth raises beyond ``ValueError`` and ``TypeError``. No message carries a password, a key or a token."""

from typing import ClassVar


class FerrauthError(Exception):
    """The base of every exception of this package."""

    code: ClassVar[str] = "error"
    """A stable word for programs, sent as ``code`` in an HTTP error."""

    status: ClassVar[int] = 500
    """The HTTP status that an HTTP layer answers with."""


class HasherBusy(FerrauthError):
    """More passwords wait to be hashed than can be within the time that a caller would wait.

    Says nothing of the user or the password: it is decided before either is looked at. An HTTP layer answers 503 with
    ``Retry-After``.

    Attributes:
        retry_after: How long the work before this caller's would take, in seconds.
    """

    code = "busy"
    status = 503

    def __init__(self, retry_after: float) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"Too many passwords wait to be hashed; try again in {self.retry_after:.1f} seconds."


class PyJWTError(FerrauthError):
    """The base of what tokens and keys raise, under the name that code written for PyJWT catches."""


class InvalidTokenError(PyJWTError):
    """A token is refused. Which check failed is for the log; an HTTP answer is the same for all."""

    code = "invalid_token"
    status = 401


class DecodeError(InvalidTokenError):
    """The token cannot be read: its segments, its header, its payload or a date in it is malformed."""


class InvalidSignatureError(DecodeError):
    """The signature is not this key's over these bytes."""


class ExpiredSignatureError(InvalidTokenError):
    """The token's ``exp`` has passed."""


class InvalidAudienceError(InvalidTokenError):
    """The token's ``aud`` is not the expected one, or is there where none is expected."""


class InvalidIssuerError(InvalidTokenError):
    """The token's ``iss`` is not the expected one."""


class InvalidIssuedAtError(InvalidTokenError):
    """The token's ``iat`` is no date."""


class ImmatureSignatureError(InvalidTokenError):
    """The token's ``nbf`` or ``iat`` is still to come."""


class InvalidAlgorithmError(InvalidTokenError):
    """The token's ``alg`` is missing, not allowed, or not the key's."""


class InvalidSubjectError(InvalidTokenError):
    """The token's ``sub`` is no string, or not the expected one."""


class InvalidJTIError(InvalidTokenError):
    """The token's ``jti`` is no string, or not in the form that the issuer writes."""


class MissingRequiredClaimError(InvalidTokenError):
    """A claim that has to be there is not.

    Attributes:
        claim: The claim's name.
    """

    def __init__(self, claim: str) -> None:
        super().__init__(claim)
        self.claim = claim

    def __str__(self) -> str:
        return f'Token is missing the "{self.claim}" claim'


class InvalidKeyError(PyJWTError):
    """A key is refused when it is loaded, or asked for what it cannot do."""

    code = "invalid_key"

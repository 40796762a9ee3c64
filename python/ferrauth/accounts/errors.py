"""What a flow refuses with. Each has a stable ``code`` and an HTTP status; no message tells causes apart."""

from __future__ import annotations

from ferrauth.exceptions import FerrauthError

__all__ = [
    "AddressTaken",
    "ConfigurationError",
    "Conflict",
    "InvalidInput",
    "InvalidLink",
    "LoginFailed",
    "PermissionDenied",
    "RegistrationClosed",
    "SessionNotFound",
    "Throttled",
    "Unavailable",
    "WrongPassword",
]


class ConfigurationError(FerrauthError, ValueError):
    """A setting that ferrauth does not know, or whose value makes no sense."""

    code = "configuration"


class LoginFailed(FerrauthError):
    """Unknown user, wrong password, or a user who may not log in: one answer for all."""

    code = "invalid_credentials"
    status = 401

    def __init__(self) -> None:
        super().__init__("The identifier or the password is not right.")


class WrongPassword(FerrauthError):
    """The password that a logged-in user must give again is not right."""

    code = "wrong_password"
    status = 400

    def __init__(self) -> None:
        super().__init__("The password is not right.")


class InvalidInput(FerrauthError):
    """What was submitted cannot be taken.

    Attributes:
        errors: Pairs of a field's name and a stable word for what is wrong with it; never the input.
    """

    code = "invalid"
    status = 422

    def __init__(self, errors: tuple[tuple[str, str], ...]) -> None:
        super().__init__("The input is not valid.")
        self.errors = errors


class InvalidLink(FerrauthError):
    """A link from a mail that is no good, whatever the cause: forged, expired, used, or overtaken by a change."""

    code = "invalid_link"
    status = 400

    def __init__(self) -> None:
        super().__init__("The link is not valid, or not any more.")


class RegistrationClosed(FerrauthError):
    """Nobody can register here."""

    code = "registration_closed"
    status = 403

    def __init__(self) -> None:
        super().__init__("Registration is closed.")


class AddressTaken(FerrauthError):
    """An account has this address. Said with ``REGISTRATION = "immediate"`` only, which cannot but tell."""

    code = "email_taken"
    status = 409

    def __init__(self) -> None:
        super().__init__("There is an account with this e-mail address.")


class SessionNotFound(FerrauthError):
    """The user has no such session: it never was, it has ended, or it is another user's."""

    code = "not_found"
    status = 404

    def __init__(self) -> None:
        super().__init__("There is no such session.")


class PermissionDenied(FerrauthError):
    """The user is known, and lacks a permission that the endpoint asks for."""

    code = "permission_denied"
    status = 403

    def __init__(self) -> None:
        super().__init__("You do not have the permission for this.")


class Conflict(FerrauthError):
    """The user's password was changed again and again while this request wanted to build on it."""

    code = "conflict"
    status = 409

    def __init__(self) -> None:
        super().__init__("The account was changed at the same moment. Try again.")


class Throttled(FerrauthError):
    """Too many attempts.

    Attributes:
        retry_after: Seconds until an attempt may be made again.
    """

    code = "throttled"
    status = 429

    def __init__(self, retry_after: int) -> None:
        super().__init__("Too many attempts. Try again later.")
        self.retry_after = retry_after


class Unavailable(FerrauthError):
    """What is needed for a decision cannot be reached.

    Attributes:
        retry_after: Seconds until it is worth to try again.
    """

    code = "unavailable"
    status = 503

    def __init__(self, retry_after: int) -> None:
        super().__init__("The service cannot answer right now. Try again later.")
        self.retry_after = retry_after

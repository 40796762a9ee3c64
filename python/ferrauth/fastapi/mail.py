"""Mails: what is sent, and by whom. A :class:`Mailer` has two methods; SMTP and the console are here."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from ferrauth.accounts.account_effects import Mail

if TYPE_CHECKING:
    from ferrauth.accounts.letters import Letter

__all__ = ["ConsoleMailer", "Mailer", "OutgoingMail", "SmtpMailer", "write_mail"]

SMTP_TIMEOUT = 30.0
"""Seconds for each step with the mail server; it is tried again later."""

MINUTE = 60
HOUR = 60 * MINUTE


@dataclass(frozen=True, kw_only=True)
class OutgoingMail:
    """One mail, ready to be sent."""

    to: str
    subject: str
    text: str = field(repr=False)
    """The words; a link in them opens an account."""


class Mailer(Protocol):
    """What sends mails."""

    async def send(self, mail: OutgoingMail) -> None:
        """Send one mail. Whatever it raises, the mail is tried again later."""
        ...

    async def close(self) -> None:
        """Let go of what it holds, when the application stops."""
        ...


class SmtpMailer:
    """Sends through a mail server, with aiosmtplib.

    Args:
        hostname: The server.
        sender: The address that mails are from.
        port: Its port; by default that of the kind of TLS.
        username: Who logs in there.
        password: With what.
        use_tls: Whether the connection begins with TLS (RFC 8314); otherwise it must turn to it.
        start_tls: Whether it turns to TLS; ``False`` sends in the clear, for a server on this machine.
    """

    def __init__(
        self,
        hostname: str,
        *,
        sender: str,
        port: int | None = None,
        username: str | None = None,
        password: str | None = None,
        use_tls: bool = False,
        start_tls: bool | None = None,
    ) -> None:
        self._sender = sender
        self._options: dict[str, Any] = {
            "hostname": hostname,
            "port": port,
            "username": username,
            "password": password,
            "use_tls": use_tls,
            "start_tls": start_tls if start_tls is not None else not use_tls,
            "timeout": SMTP_TIMEOUT,
        }

    def __repr__(self) -> str:
        return f"<SmtpMailer {self._options['hostname']}>"

    async def send(self, mail: OutgoingMail) -> None:
        """Send one mail."""
        import aiosmtplib

        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, mail.to, mail.subject
        message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=self._sender.rpartition("@")[2])
        # So that no out-of-office note answers (RFC 3834, section 5).
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        await aiosmtplib.send(message, **self._options)

    async def close(self) -> None:
        """Do nothing: each mail has a connection of its own."""


class ConsoleMailer:
    """Writes mails to the console, for development.

    Args:
        stream: Where to; standard output by default.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    async def send(self, mail: OutgoingMail) -> None:
        """Write one mail."""
        print(f"To: {mail.to}\nSubject: {mail.subject}\n\n{mail.text}\n", file=self._stream or sys.stdout, flush=True)

    async def close(self) -> None:
        """Do nothing: the stream is the caller's."""


def write_mail(letter: Letter) -> OutgoingMail:
    """Give a letter its words, in English. ``Auth(write_mail=...)`` takes a project's own.

    Args:
        letter: What it says: whom to, what for, and what to follow.
    """
    subject, before, after = WORDS[letter.mail]
    parts = [before]
    if letter.token:
        if letter.mail is Mail.TAKEN:
            parts.append("If you did not make it, or do not know its password, set a new one by this:")
        parts += [letter.link or letter.token, f"It is good for {_duration(letter.lifetime)}, and once."]
    return OutgoingMail(to=letter.to, subject=subject, text="\n\n".join([*parts, after]) + "\n")


WORDS = {
    Mail.VERIFY: (
        "Confirm your e-mail address",
        "Somebody, we hope you, registered with this e-mail address. To confirm it, follow this:",
        "If it was not you, do nothing: without your confirmation nobody can use the account.",
    ),
    Mail.TAKEN: (
        "You already have an account",
        "Somebody, perhaps you, tried to use this e-mail address for another account. It has one already, so nothing "
        "was done. Log in with it as usual.",
        "If it was not you, do nothing.",
    ),
    Mail.NAME_TAKEN: (
        "That name is taken",
        "Somebody, we hope you, registered with this e-mail address and a name that another account has. No account "
        "was made. Please register again, with another name.",
        "If it was not you, do nothing.",
    ),
    Mail.RESET: (
        "Set a new password",
        "Somebody, we hope you, asked to set a new password for the account with this e-mail address. To set it, "
        "follow this:",
        "If it was not you, do nothing: your password stays as it is.",
    ),
    Mail.CHANGE: (
        "Confirm your new e-mail address",
        "Somebody, we hope you, wants this e-mail address for an account. To confirm it, follow this:",
        "If it was not you, do nothing: the account keeps the address that it has.",
    ),
    Mail.MOVED: (
        "Your e-mail address was changed",
        "Your account has another e-mail address from now on, and no mail for it comes here any more.",
        "If it was not you, tell us at once.",
    ),
}
"""Subject, first and last words of each mail; the same as those of ``ferrauth.django``'s templates."""


def _duration(seconds: int) -> str:
    number, unit = (seconds // MINUTE, "minute") if seconds < 2 * HOUR else (seconds // HOUR, "hour")
    return f"{number} {unit}{'' if number == 1 else 's'}"

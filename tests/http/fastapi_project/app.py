"""The application. It takes its environment from the Ninja project's: the same folder, settings and secret."""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path

from fastapi import Depends, FastAPI
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from ferrauth.fastapi import Auth, AuthSettings, Mailer, OutgoingMail, SmtpMailer, register_exception_handlers
from ferrauth.passwords import Policy

DIRECTORY = Path(os.environ["HTTP_TEST_DIR"])
MAILS = DIRECTORY / "mails"

logging.basicConfig(level=os.environ.get("HTTP_TEST_LOG_LEVEL", "DEBUG"))


class FileMailer:
    """Writes each mail into a file of its own."""

    async def send(self, mail: OutgoingMail) -> None:
        """Write one mail, which is there as a whole or not at all."""
        MAILS.mkdir(exist_ok=True)
        draft = MAILS / "draft"
        draft.write_text(json.dumps({"to": mail.to, "subject": mail.subject, "text": mail.text}))
        draft.rename(MAILS / f"{time.time_ns()}.json")

    async def close(self) -> None:
        """Do nothing."""


settings = {name.lower(): value for name, value in json.loads(os.environ["HTTP_TEST_FERRAUTH"]).items()}
mailer: Mailer = FileMailer()
if "HTTP_TEST_SMTP_PORT" in os.environ:
    port = int(os.environ["HTTP_TEST_SMTP_PORT"])
    mailer = SmtpMailer("127.0.0.1", sender="webmaster@localhost", port=port, start_tls=False)
engine = create_async_engine(f"sqlite+aiosqlite:///{DIRECTORY / 'db.sqlite3'}", connect_args={"timeout": 20})
auth = Auth(
    AuthSettings(secret_key="a secret of the tests, which is long enough for every rule that there is", **settings),
    async_sessionmaker(engine),
    password_policy=Policy(iterations=int(os.environ.get("HTTP_TEST_ITERATIONS", "1000"))),
    password_validators=[{"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"}],
    mailer=mailer,
    # By default the operations that both frameworks have, and no other.
    token_url=os.environ.get("HTTP_TEST_TOKEN_URL"),
)
app = FastAPI(lifespan=auth.lifespan)
app.include_router(auth.router, prefix="/auth")
own = FastAPI()
register_exception_handlers(own, auth)


@own.get("/editors", dependencies=[Depends(auth.require(permission="auth.add_group"))])
async def editors() -> dict[str, str]:
    """Greet whoever may make groups."""
    return {"hello": "editor"}


app.mount("/own", own)

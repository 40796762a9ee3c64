"""The application. It takes its environment from the Ninja project's: the same folder, settings and secret."""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from ferrauth.fastapi import Auth, AuthSettings, OutgoingMail
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
mailer = FileMailer() if settings.pop("outbox_sender", None) is None else None
engine = create_async_engine(f"sqlite+aiosqlite:///{DIRECTORY / 'db.sqlite3'}", connect_args={"timeout": 20})
auth = Auth(
    AuthSettings(secret_key="a secret of the tests, which is long enough for every rule that there is", **settings),
    async_sessionmaker(engine),
    password_policy=Policy(iterations=int(os.environ.get("HTTP_TEST_ITERATIONS", "1000"))),
    password_validators=[{"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"}],
    mailer=mailer,
    token_url=None,  # The operations that both frameworks have, and no other.
)
app = FastAPI(lifespan=auth.lifespan)
app.include_router(auth.router, prefix="/auth")

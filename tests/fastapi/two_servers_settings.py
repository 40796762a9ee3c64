"""The example's Django project on the PostgreSQL and the Redis of the tests, where both servers count together."""

import json
import os

from django_site.settings import *  # noqa: F403

DATABASES = {"default": json.loads(os.environ["TWO_SERVERS_DATABASE"])}
FERRAUTH = {
    "REGISTRATION": "immediate",
    "OUTBOX_SENDER": "command",
    "REDIS_URL": os.environ["FERRAUTH_REDIS_URL"],
    "LIMITS": json.loads(os.environ["FERRAUTH_LIMITS"]),
}

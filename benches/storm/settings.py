"""The example's settings, for whoever logs in again and again: every limit so high that none is met.

Measurements and tests name this module in ``DJANGO_SETTINGS_MODULE``. The example's own settings have no such switch,
so that no environment of production can turn its limits off.
"""

from backend.config import settings as example
from backend.config.settings import *  # noqa: F403

from benches.storm.servers import NO_REDIS

LIMIT = "1000000/h"

FERRAUTH = example.FERRAUTH | {
    "LIMITS": {
        **dict.fromkeys(
            ("login", "register", "reset", "verify", "password_change"),
            dict.fromkeys(("account_address", "account", "address"), LIMIT),
        ),
        **{action: {"address": LIMIT} for action in ("refresh", "logout", "token")},
    }
}
if example.REDIS_URL in ("", NO_REDIS):
    FERRAUTH["THROTTLE_BACKEND"] = "local"
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

"""The example's settings without ferrauth."""

from backend.config.settings import *  # noqa: F403
from backend.config.settings import INSTALLED_APPS as THEIRS

INSTALLED_APPS = [name for name in THEIRS if name not in {"ferrauth.django", "backend.web"}]
ROOT_URLCONF = "benches.storm.stock.urls"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
